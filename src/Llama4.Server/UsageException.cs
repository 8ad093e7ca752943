namespace Llama4.Server;

/// <summary>The command line asks for something that cannot be: exit code 2, one line on stderr.</summary>
internal sealed class UsageException(string message) : Exception(message);
