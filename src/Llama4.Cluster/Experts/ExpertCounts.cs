namespace Llama4.Cluster.Experts;

/// <summary>Rows that this host's routers sent to each expert since somebody last asked. Thread-safe.</summary>
internal sealed class ExpertCounts(int layers, int experts)
{
    private readonly int[] _rows = new int[layers * experts];

    /// <summary>Rows of all layers in the second before last.</summary>
    public double RowsPerS => 0;

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Add(int layer, ReadOnlySpan<int> chosen)
    {
        foreach (var expert in chosen)
        {
            if ((uint)expert < (uint)experts)
                Interlocked.Increment(ref _rows[(layer * experts) + expert]);
        }
    }

    /// <summary>[layers * experts] since the last call; null when there were none.</summary>
    public int[]? Take()
    {
        int[]? taken = null;
        for (var i = 0; i < _rows.Length; i++)
        {
            if (Interlocked.Exchange(ref _rows[i], 0) is var rows and not 0)
                (taken ??= new int[_rows.Length])[i] = rows;
        }
        return taken;
    }
}
