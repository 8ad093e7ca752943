namespace Llama4.FaultBench;

/// <summary>The longest gap of each fault, by its kind.</summary>
public sealed class FaultTable
{
    private readonly SortedDictionary<string, List<double>> _gapsMs = new(StringComparer.Ordinal);

    /// <summary>Faults so far; what is measured between them is not one.</summary>
    public int Count => _gapsMs.Where(kind => IsFault(kind.Key)).Sum(kind => kind.Value.Count);

    public void Add(string kind, double gapMs)
    {
        if (!_gapsMs.TryGetValue(kind, out var gaps))
            _gapsMs[kind] = gaps = [];
        gaps.Add(gapMs);
    }

    private static string Aim(string kind, double[] gaps) =>
        IsFault(kind) ? $" {Faults.AimMs(kind),5:F0} {gaps.Count(gap => gap > Faults.AimMs(kind)),6}" : "";

    private static bool IsFault(string kind) => Faults.Names.Contains(kind);

    public void Write(TextWriter output)
    {
        output.WriteLine("longest gap between two tokens of any stream, ms");
        output.WriteLine($"{"fault",-18} {"times",5} {"median",7} {"p90",7} {"p99",7} {"longest",7} {"aim",5} {"missed",6}");
        foreach (var (kind, gaps) in _gapsMs)
        {
            double[] sorted = [.. gaps.Order()];
            double At(double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
            output.WriteLine($"{kind,-18} {sorted.Length,5} {At(0.5),7:F0} {At(0.9),7:F0} {At(0.99),7:F0} {sorted[^1],7:F0}{Aim(kind, sorted)}");
        }
    }
}
