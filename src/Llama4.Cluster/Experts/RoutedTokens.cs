namespace Llama4.Cluster.Experts;

/// <summary>
/// Tokens that the routers of this host sent to each expert, counted while somebody watches: for some seconds after each <see cref="Watch"/>, so that a watcher who dies
/// costs nothing any more. Thread-safe.
/// </summary>
/// <param name="layers">Of the model.</param>
/// <param name="experts">Of each layer.</param>
internal sealed class RoutedTokens(int layers, int experts, TimeProvider clock)
{
    /// <summary>A watcher asks every second: some of its questions may be lost.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private readonly long[] _tokens = new long[layers * experts];

    /// <summary>A timestamp; long.MinValue before anybody has watched.</summary>
    private long _until = long.MinValue;

    public bool IsWatched => Volatile.Read(ref _until) is var until && until != long.MinValue && clock.GetTimestamp() < until;

    /// <summary>[layers * experts] since the host's start, as far as it was watched.</summary>
    public long[] Counts
    {
        get
        {
            var counts = new long[_tokens.Length];
            for (var i = 0; i < counts.Length; i++)
                counts[i] = Interlocked.Read(ref _tokens[i]);
            return counts;
        }
    }

    /// <summary>Somebody watches, and will for a while.</summary>
    public void Watch() => Volatile.Write(ref _until, clock.GetTimestamp() + (long)(Lease.TotalSeconds * clock.TimestampFrequency));

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Add(int layer, ReadOnlySpan<int> chosen)
    {
        foreach (var expert in chosen)
        {
            if ((uint)expert < (uint)experts)
                Interlocked.Increment(ref _tokens[(layer * experts) + expert]);
        }
    }
}
