namespace Llama4.FaultBench;

/// <summary>The longest gap of each fault, by its kind.</summary>
public sealed class FaultTable
{
    private readonly SortedDictionary<string, List<double>> _gapsMs = new(StringComparer.Ordinal);

    /// <summary>Faults so far; what is measured between them is not one.</summary>
    public int Count => _gapsMs.Where(kind => kind.Key.Contains(':', StringComparison.Ordinal) || kind.Key is "join" or "store").Sum(kind => kind.Value.Count);

    public void Add(string kind, double gapMs)
    {
        if (!_gapsMs.TryGetValue(kind, out var gaps))
            _gapsMs[kind] = gaps = [];
        gaps.Add(gapMs);
    }

    public void Write(TextWriter output)
    {
        output.WriteLine("longest gap between two tokens of any stream, ms");
        output.WriteLine($"{"fault",-18} {"times",5} {"median",7} {"p90",7} {"p99",7} {"longest",7}");
        foreach (var (kind, gaps) in _gapsMs)
        {
            double[] sorted = [.. gaps.Order()];
            double At(double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
            output.WriteLine($"{kind,-18} {sorted.Length,5} {At(0.5),7:F0} {At(0.9),7:F0} {At(0.99),7:F0} {sorted[^1],7:F0}");
        }
    }
}
