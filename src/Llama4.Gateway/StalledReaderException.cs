namespace Llama4.Gateway;

/// <summary>A client did not read its answer within the limit; its connection has been cut, so that nobody is left to tell.</summary>
internal sealed class StalledReaderException(string message) : Exception(message);
