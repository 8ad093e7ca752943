namespace Llama4.LoadTest.Arriving;

/// <summary>A session begins.</summary>
/// <param name="Index">From 0, in order of time; what it asks follows from it and the seed.</param>
/// <param name="At">Seconds since the start.</param>
/// <param name="Lengths">Of a recording: what it asks; otherwise the scenario's parts say.</param>
internal readonly record struct Arrival(int Index, double At, Lengths? Lengths = null);

/// <summary>Tokens of one request.</summary>
internal sealed record Lengths(int Prompt, int Answer);
