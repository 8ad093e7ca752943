namespace Llama4.LoadTest;

/// <summary>A mistake of the caller's, in a file or on the command line: one line that says what was expected and found.</summary>
internal sealed class LoadTestException(string message) : Exception(message);
