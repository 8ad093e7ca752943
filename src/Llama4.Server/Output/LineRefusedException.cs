namespace Llama4.Server.Output;

/// <summary>A line of a data verb is of the form, and what it asks for cannot be done: that is its answer, and the lines after it are answered too.</summary>
internal sealed class LineRefusedException(string message) : Exception(message);
