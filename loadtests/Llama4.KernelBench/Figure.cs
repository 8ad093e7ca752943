namespace Llama4.KernelBench;

/// <summary>One measured operation.</summary>
/// <param name="Microseconds">Median of the repeats.</param>
/// <param name="GbPerSecond">Bytes of weights or cache over that time; 0 where bytes are not the bound.</param>
/// <param name="GflopPerSecond">Two per multiply-add; 0 where they are not the bound.</param>
/// <param name="Share">Of the machine's read bandwidth or multiply-add peak, whichever is the bound; 0 if neither.</param>
internal sealed record Figure(string Name, double Microseconds, double GbPerSecond, double GflopPerSecond, double Share);
