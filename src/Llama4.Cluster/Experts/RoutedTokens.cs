using System.Runtime.InteropServices;
using Llama4.Cluster.Traces;
using Llama4.Compute;

namespace Llama4.Cluster.Experts;

/// <summary>
/// Tokens that the routers of this host sent to each expert, counted while somebody watches: for some seconds after each <see cref="Watch"/>, so that a watcher who dies
/// costs nothing any more. Choices are read back many steps at once. Thread-safe.
/// </summary>
/// <param name="layers">Of the model.</param>
/// <param name="experts">Of each layer.</param>
/// <param name="device">That the choices are on; null where there are none.</param>
internal sealed class RoutedTokens(int layers, int experts, TimeProvider clock, IDevice? device)
{
    /// <summary>A watcher asks every second: some of its questions may be lost.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    /// <summary>Steps that are read back together: waking a thread costs as much as some layers of a small model.</summary>
    private const int StepsMax = 64;

    /// <summary>Choices that are read back together: 256 KiB.</summary>
    private const int ChoicesMax = 64 * 1024;

    /// <summary>
    /// Where the experts of a layer are all on this host nothing else tells which of them ran: of one step in so many it is read back. A prime, so that micro-batches which take turns are
    /// all met.
    /// </summary>
    private const int SampledEvery = 13;

    private readonly long[] _tokens = new long[layers * experts];

    /// <summary>A timestamp; long.MinValue before anybody has watched.</summary>
    private long _until = long.MinValue;
    private long _begun;

    /// <summary>Guards what is below.</summary>
    private readonly Lock _gate = new();
    private List<KeptChoices> _kept = [];
    private int _keptChoices;
    private Task _reading = Task.CompletedTask;

    /// <summary>Told of such steps while somebody wants to know; null for nobody.</summary>
    public ExpertCounts? Ran { get; init; }

    /// <summary>The choices of a step that is about to begin.</summary>
    /// <param name="layers">Of the stage.</param>
    /// <param name="rows">Of the step.</param>
    /// <returns>Null for a step that nobody looks at.</returns>
    public StepChoices? Begin(int layers, int rows)
    {
        var isSampled = Ran?.IsHeard() == true && Interlocked.Increment(ref _begun) % SampledEvery == 0;
        return isSampled || IsWatched ? new StepChoices(device!, this, layers, rows) { Stands = isSampled ? SampledEvery : 0, IsWatched = IsWatched } : null;
    }

    public bool IsWatched => Volatile.Read(ref _until) is var until && until != long.MinValue && clock.GetTimestamp() < until;

    /// <summary>Somebody watches, and will for a while.</summary>
    public void Watch() => Volatile.Write(ref _until, clock.GetTimestamp() + (long)(Lease.TotalSeconds * clock.TimestampFrequency));

    /// <summary>Steps that are enqueued; takes the choices over.</summary>
    public void Keep(KeptChoices choices)
    {
        lock (_gate)
        {
            _kept.Add(choices);
            _keptChoices += choices.Count;
            if (_kept.Count < StepsMax && _keptChoices < ChoicesMax)
                return;
        }
        _ = ReadAsync();
    }

    /// <summary>[layers * experts] since the host's start, as far as it was watched; of all steps that were kept before.</summary>
    public async Task<long[]> CountAsync()
    {
        await ReadAsync();
        var counts = new long[_tokens.Length];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = Interlocked.Read(ref _tokens[i]);
        return counts;
    }

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Add(int layer, ReadOnlySpan<int> chosen)
    {
        foreach (var expert in chosen)
        {
            if ((uint)expert < (uint)experts)
                Interlocked.Increment(ref _tokens[(layer * experts) + expert]);
        }
    }

    /// <summary>Completes when all that is kept is counted.</summary>
    private Task ReadAsync()
    {
        lock (_gate)
        {
            if (_kept.Count > 0)
            {
                _reading = ReadAsync(_reading, _kept);
                (_kept, _keptChoices) = ([], 0);
            }
            return _reading;
        }
    }

    /// <summary>Never throws: steps themselves meet a device that fails, and what is not counted then is missing in a picture.</summary>
    private async Task ReadAsync(Task before, List<KeptChoices> kept)
    {
        var reading = DownloadAsync(kept);
        await before.ConfigureAwait(false);
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompletedSuccessfully)
            return;
        var first = 0;
        foreach (var step in kept)
        {
            foreach (var layer in step.Layers)
            {
                var chosen = MemoryMarshal.Cast<byte, int>(reading.Result).Slice(first, step.Rows);
                if (step.IsWatched)
                    Add(layer, chosen);
                if (step.Stands > 0 && step.Ran.Contains(layer))
                    Ran!.AddSampled(layer, chosen, step.Stands);
                first += step.Rows;
            }
        }
    }

    private async Task<byte[]> DownloadAsync(List<KeptChoices> kept)
    {
        var bytes = new byte[kept.Sum(step => step.Count) * sizeof(int)];
        ValueTask reading;
        using (var all = device!.Rent(DType.I32, Math.Max(1, bytes.Length / sizeof(int)), 1))
        {
            var first = 0;
            foreach (var step in kept)
            {
                device.CopyRows(step.Chosen, 0, all, first, step.Count);
                step.Chosen.Dispose();
                first += step.Count;
            }
            if (first == 0)
                return bytes;
            reading = device.DownloadAsync(all, bytes);
        }
        await reading.ConfigureAwait(false);
        return bytes;
    }
}

/// <summary>What routers chose for one step.</summary>
/// <param name="Chosen">[layers * rows or more, 1] I32, one layer behind the other.</param>
/// <param name="Layers">Their numbers.</param>
/// <param name="IsWatched">By who asks what routers choose.</param>
/// <param name="Stands">For so many steps in what experts ran; 0 for none.</param>
/// <param name="Ran">Layers whose experts are all on this host.</param>
internal sealed record KeptChoices(Tensor Chosen, int[] Layers, int Rows, bool IsWatched, int Stands, IReadOnlyList<int> Ran)
{
    public int Count => Layers.Length * Rows;
}
