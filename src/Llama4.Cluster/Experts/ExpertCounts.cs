namespace Llama4.Cluster.Experts;

/// <summary>Rows that this host's experts ran, for the leader, who balances by them, and for status. Thread-safe.</summary>
/// <param name="experts">Of each layer.</param>
internal sealed class ExpertCounts(int layers, int experts, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    /// <summary>[layers * experts] since the host's start.</summary>
    private readonly long[] _rows = new long[layers * experts];

    /// <summary>Of layers whose experts are all here, where nobody reads back which of them a row chose.</summary>
    private long _unnamed;

    /// <summary>[layers * experts] the same by experts, as <see cref="AddSampled"/> was told.</summary>
    private readonly long[] _sampled = new long[layers * experts];

    /// <summary>Guards what is below.</summary>
    private readonly Lock _gate = new();
    private readonly long[] _taken = new long[layers * experts];
    private (long At, long Rows) _window = (clock.GetTimestamp(), 0);
    private double _rowsPerS;

    /// <summary>Rows of all layers in the last whole second or somewhat more.</summary>
    public double RowsPerS
    {
        get
        {
            lock (_gate)
            {
                Turn();
                return _rowsPerS;
            }
        }
    }

    /// <summary>Since the host's start.</summary>
    public long Rows(int layer, int expert) => Interlocked.Read(ref _rows[(layer * experts) + expert]);

    /// <summary>Somebody wants to know <see cref="Ran"/>.</summary>
    public Func<bool> IsHeard { get; set; } = () => false;

    /// <summary>Rows since the host's start, of layers whose experts are all here as far as <see cref="AddSampled"/> tells.</summary>
    public long Ran(int layer, int expert) => Rows(layer, expert) + Interlocked.Read(ref _sampled[(layer * experts) + expert]);

    /// <summary>Of some steps it was looked at which expert each row of a layer chose of which this host has all.</summary>
    /// <param name="chosen">[rows] experts of the layer.</param>
    /// <param name="steps">That one such step stands for.</param>
    public void AddSampled(int layer, ReadOnlySpan<int> chosen, int steps)
    {
        foreach (var expert in chosen)
        {
            if ((uint)expert < (uint)experts)
                Interlocked.Add(ref _sampled[(layer * experts) + expert], steps);
        }
    }

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Add(int layer, ReadOnlySpan<int> chosen)
    {
        foreach (var expert in chosen)
        {
            if ((uint)expert < (uint)experts)
                Interlocked.Increment(ref _rows[(layer * experts) + expert]);
        }
    }

    /// <summary>Rows of a layer of which this host has all experts.</summary>
    public void AddUnnamed(int rows) => Interlocked.Add(ref _unnamed, rows);

    /// <summary>[layers * experts] since the last call; null when there were none.</summary>
    public int[]? Take()
    {
        lock (_gate)
        {
            Turn();
            int[]? taken = null;
            for (var i = 0; i < _rows.Length; i++)
            {
                var rows = Interlocked.Read(ref _rows[i]);
                if (rows == _taken[i])
                    continue;
                (taken ??= new int[_rows.Length])[i] = (int)(rows - _taken[i]);
                _taken[i] = rows;
            }
            return taken;
        }
    }

    private void Turn()
    {
        var elapsed = clock.GetElapsedTime(_window.At);
        if (elapsed < Window)
            return;
        var rows = Interlocked.Read(ref _unnamed);
        for (var i = 0; i < _rows.Length; i++)
            rows += Interlocked.Read(ref _rows[i]);
        _rowsPerS = (rows - _window.Rows) / elapsed.TotalSeconds;
        _window = (clock.GetTimestamp(), rows);
    }
}
