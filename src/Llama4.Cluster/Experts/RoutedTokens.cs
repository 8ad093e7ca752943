using System.Buffers;
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

    /// <summary>Choices that are read back together, unless one step has more: 256 KiB.</summary>
    internal const int ChoicesMax = 64 * 1024;

    /// <summary>
    /// Where the experts of a layer are all on this host nothing else tells which of them ran: of one step in so many it is read back. A prime, so that micro-batches which take turns are
    /// all met.
    /// </summary>
    private const int SampledEvery = 13;

    /// <summary>Guarded by itself.</summary>
    private readonly long[] _tokens = new long[layers * experts];

    /// <summary>A timestamp; long.MinValue before anybody has watched.</summary>
    private long _until = long.MinValue;
    private long _begun;

    /// <summary>Guards what is below.</summary>
    private readonly Lock _gate = new();
    private ChoicePage? _filling;

    /// <summary>Steps take turns with two pages: one may still wait for a slow step while the other is filled.</summary>
    private ChoicePage? _spare;

    /// <summary>Pages that are full and wait for steps in them to be over: no more than there are steps in flight.</summary>
    private readonly List<ChoicePage> _full = [];
    private Task _reading = Task.CompletedTask;

    /// <summary>Told of such steps while somebody wants to know; null for nobody.</summary>
    public ExpertCounts? Ran { get; init; }

    public bool IsWatched => Volatile.Read(ref _until) is var until && until != long.MinValue && clock.GetTimestamp() < until;

    /// <summary>Somebody watches, and will for a while.</summary>
    public void Watch() => Volatile.Write(ref _until, clock.GetTimestamp() + (long)(Lease.TotalSeconds * clock.TimestampFrequency));

    /// <summary>A step begins. Null for one that nobody looks at, and where there is nothing to see.</summary>
    /// <param name="routed">Layers that have a router, in the order of the step's way.</param>
    public StepChoices? Begin(int[] routed, int rows)
    {
        var (isWatched, isSampled) = (IsWatched, Ran?.IsHeard() == true && Interlocked.Increment(ref _begun) % SampledEvery == 0);
        if (!(isWatched || isSampled) || device is null || routed.Length * rows is not (> 0 and var count))
            return null;
        lock (_gate)
        {
            if (_filling is { } full && !full.HasRoom(count))
            {
                _filling = null;
                _full.Add(full);
                ReadIfOver(full);
            }
            if (_filling is null)
                _filling = TakeSpare(count) ?? new ChoicePage(device, Math.Max(count, ChoicesMax));
            return new StepChoices(this, _filling, _filling.Begin(count), routed, rows) { IsWatched = isWatched, Ran = isSampled ? new(routed.Length) : null };
        }
    }

    /// <summary>A step is over.</summary>
    /// <param name="page">That it has places in.</param>
    /// <param name="chosen">Null if its choices do not count.</param>
    public void End(ChoicePage page, StepPlaces? chosen)
    {
        lock (_gate)
        {
            page.End(chosen);
            ReadIfOver(page);
        }
    }

    /// <summary>[layers * experts] since the host's start, as far as it was watched; of all steps that had ended.</summary>
    public async Task<long[]> CountAsync()
    {
        Task reading;
        lock (_gate)
        {
            _full.ForEach(Read);
            if (_filling is { } page)
                Read(page);
            reading = _reading;
        }
        await reading;
        lock (_tokens)
            return [.. _tokens];
    }

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Add(int layer, ReadOnlySpan<int> chosen)
    {
        lock (_tokens)
        {
            var own = _tokens.AsSpan(layer * experts, experts);
            foreach (var expert in chosen)
            {
                if ((uint)expert < (uint)own.Length)
                    own[expert]++;
            }
        }
    }

    private ChoicePage? TakeSpare(int count)
    {
        if (_spare is not { } spare || !spare.HasRoom(count))
            return null;
        _spare = null;
        return spare;
    }

    /// <summary>Reads a page with no room left once nobody writes into it; one that is not filled any more is then free.</summary>
    private void ReadIfOver(ChoicePage page)
    {
        if (page.IsOpen || (page == _filling && page.HasRoom(1)))
            return;
        Read(page);
        if (!_full.Remove(page))
            return;
        if (_spare is null && page.Places == ChoicesMax)
            _spare = page;
        else
            page.Dispose();
    }

    /// <summary>What has ended in a page is counted by the time that <see cref="_reading"/> completes.</summary>
    private void Read(ChoicePage page)
    {
        if (page.Take() is { Length: > 0 } steps)
            _reading = ReadAsync(_reading, page, steps);
    }

    /// <summary>Never throws: steps themselves meet a device that fails, and what is not counted then is missing in a picture.</summary>
    private async Task ReadAsync(Task before, ChoicePage page, StepPlaces[] steps)
    {
        var first = steps.Min(step => step.First);
        var count = steps.Max(step => step.End) - first;
        var buffer = ArrayPool<byte>.Shared.Rent(count * sizeof(int));
        var reading = DownloadAsync(page, first, count, buffer); // is enqueued before anything is awaited, so before the page is filled anew
        await before.ConfigureAwait(false);
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompletedSuccessfully)
            return; // the buffer is not given back: nobody knows whether the device still writes
        var chosen = MemoryMarshal.Cast<byte, int>(buffer.AsSpan(0, count * sizeof(int)));
        foreach (var step in steps)
        {
            for (var i = 0; i < step.Layers.Length; i++)
            {
                var ofLayer = chosen.Slice(step.First - first + (i * step.Rows), step.Rows);
                if (step.IsWatched)
                    Add(step.Layers[i], ofLayer);
                if (step.Ran?.Contains(step.Layers[i]) == true)
                    Ran!.AddSampled(step.Layers[i], ofLayer, SampledEvery);
            }
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private async Task DownloadAsync(ChoicePage page, int first, int count, byte[] buffer)
    {
        ValueTask reading;
        using (var chosen = page.View(first, count))
            reading = device!.DownloadAsync(chosen, buffer.AsMemory(0, count * sizeof(int)));
        await reading.ConfigureAwait(false);
    }
}
