namespace Llama4.Cluster.Metrics;

/// <summary>
/// How unevenly the rows of a layer fell on a host's experts within the last minute: the most loaded expert's over the mean. Looks are taken when somebody asks, so that the window is of the
/// time since the look before where that is longer ago. One caller at a time.
/// </summary>
/// <param name="experts">Of each layer.</param>
internal sealed class ImbalanceWindow(int layers, int experts, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Looks that are kept are so far apart, so there are 12 and one before.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(5);

    private readonly LinkedList<(long At, long[] Rows)> _looks = [];

    /// <param name="rows">Of a layer and expert since the host's start.</param>
    /// <param name="isHere">Whether a host has the expert: those without rows count in the mean too.</param>
    /// <returns>Layers that had rows.</returns>
    public IEnumerable<(int Layer, double Ratio)> Look(Func<int, int, long> rows, Func<int, int, bool> isHere)
    {
        var now = clock.GetTimestamp();
        var all = new long[layers * experts];
        for (var i = 0; i < all.Length; i++)
            all[i] = rows(i / experts, i % experts);
        while (_looks.Count > 1 && clock.GetElapsedTime(_looks.First!.Next!.Value.At, now) >= Window)
            _looks.RemoveFirst();
        var before = _looks.First?.Value.Rows;
        if (_looks.Last is not { } last || clock.GetElapsedTime(last.Value.At, now) >= Apart)
            _looks.AddLast((now, all));
        return before is null ? [] : Ratios(before, all, isHere);
    }

    private List<(int Layer, double Ratio)> Ratios(long[] before, long[] all, Func<int, int, bool> isHere)
    {
        var ratios = new List<(int, double)>();
        for (var layer = 0; layer < layers; layer++)
        {
            var (sum, most, count) = (0L, 0L, 0);
            for (var expert = 0; expert < experts; expert++)
            {
                var had = all[(layer * experts) + expert] - before[(layer * experts) + expert];
                (sum, most) = (sum + had, Math.Max(most, had));
                count += had > 0 || isHere(layer, expert) ? 1 : 0;
            }
            if (sum > 0)
                ratios.Add((layer, (double)most * count / sum));
        }
        return ratios;
    }
}
