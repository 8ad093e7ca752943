using System.Runtime.CompilerServices;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Hosting;

/// <summary>
/// All weights that one host holds, each part once, whatever replicas, groups or plans use it. A plan's weights are loaded beside those
/// of the plan in force and let go when no plan needs them: grains only borrow.
/// <para>Safe for concurrent callers. Loads and trims run one after the other; a part is to be had from the moment it is whole.</para>
/// </summary>
/// <param name="checkpoint">This host's alone; stays the caller's, as does the device.</param>
/// <param name="loading">Cancelled when nothing more shall be loaded.</param>
/// <param name="progress">Told what share of the bytes of the load under way is loaded, 0 to 1.</param>
internal sealed class WeightStore(
    HostId host, Checkpoint checkpoint, IDevice device, ComputeMode mode, CancellationToken loading, IProgress<double>? progress) : IHostParts, IAsyncDisposable
{
    private readonly WeightSizes _sizes = new(checkpoint);
    private readonly SemaphoreSlim _change = new(1);

    /// <summary>Guards what is below.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<int, LayerWeights> _layers = [];
    private readonly Dictionary<(int Layer, int Expert), RoutedExpert> _experts = [];
    private readonly Dictionary<(int Layer, int First, int Count), ExpertGroup> _groups = [];
    private Vocabulary? _vocabulary;
    private VisionTower? _vision;
    private long _weightBytes;

    /// <inheritdoc/>
    public long WeightBytes => Interlocked.Read(ref _weightBytes);

    /// <summary>Bytes of the checkpoint's tensors that were read so far.</summary>
    public long BytesRead => checkpoint.BytesRead;

    /// <exception cref="InvalidOperationException">It is not held here.</exception>
    public Vocabulary Vocabulary
    {
        get
        {
            lock (_gate)
                return _vocabulary ?? throw Missing("the vocabulary");
        }
    }

    /// <summary>Comes and goes with the vocabulary. Null where the checkpoint has no tower.</summary>
    /// <exception cref="InvalidOperationException">The vocabulary is not held here.</exception>
    public VisionTower? Vision
    {
        get
        {
            lock (_gate)
                return _vocabulary is null ? throw Missing("the vocabulary and the vision tower") : _vision;
        }
    }

    /// <exception cref="InvalidOperationException">It is not held here.</exception>
    public LayerWeights Layer(int layer)
    {
        lock (_gate)
            return _layers.TryGetValue(layer, out var weights) ? weights : throw Missing($"the attention of layer {layer}");
    }

    /// <summary>Experts first..first+count of a layer as one group, to be used and not disposed.</summary>
    /// <exception cref="InvalidOperationException">One of them is not held here.</exception>
    public ExpertGroup Experts(int layer, int first, int count)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue((layer, first, count), out var group))
                return group;
            var experts = new RoutedExpert[count];
            for (var i = 0; i < count; i++)
                experts[i] = _experts.TryGetValue((layer, first + i), out var expert) ? expert : throw Missing($"expert {first + i} of layer {layer}");
            return _groups[(layer, first, count)] = new ExpertGroup(first, experts);
        }
    }

    /// <summary>
    /// Loads what this host owns or stands by for in a plan and does not have, one part after the other, beside what it has. What was whole
    /// when a load fails or is cancelled stays: the next goes on from there.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, by the caller or because nothing more shall be loaded.</exception>
    public async Task EnsureAsync(PlacementPlan plan, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(loading, cancellation);
        await _change.WaitAsync(either.Token);
        try
        {
            var missing = Lacking(PlanParts.Of(plan, host));
            var (loaded, total) = (0L, _sizes.Of(missing));
            await foreach (var bytes in LoadAsync(missing, either.Token))
            {
                loaded += bytes;
                progress?.Report((double)loaded / total);
            }
            if (total == 0)
                progress?.Report(1);
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Lets go of what none of these plans needs here, once nothing on the device still reads it.</summary>
    public async Task TrimAsync(IReadOnlyList<PlacementPlan> keep)
    {
        await _change.WaitAsync(CancellationToken.None);
        try
        {
            await LetGoAsync(TakeOut([.. keep.Select(plan => PlanParts.Of(plan, host))]));
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Waits for a load under way, which the owner has cancelled or waits for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _change.WaitAsync();
        await LetGoAsync(TakeOut([]));
        _change.Dispose();
    }

    /// <summary>Gives the bytes in the checkpoint of each part once it is whole and to be had.</summary>
    private async IAsyncEnumerable<long> LoadAsync(PlanParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (parts.Vocabulary)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_vision is null && checkpoint.HasVision)
            {
                var vision = await VisionTower.LoadAsync(checkpoint, device, mode, cancellation: cancellation);
                Keep(vision.WeightBytes, () => _vision = vision);
            }
            var vocabulary = await Vocabulary.LoadAsync(checkpoint, device, mode, cancellation);
            Keep(vocabulary.WeightBytes, () => _vocabulary = vocabulary);
            yield return _sizes.Vocabulary;
        }
        foreach (var layer in parts.Layers.Order())
        {
            cancellation.ThrowIfCancellationRequested();
            var weights = await LayerWeights.LoadAsync(checkpoint, layer, device, mode, cancellation);
            Keep(weights.WeightBytes, () => _layers.Add(layer, weights));
            yield return _sizes.Layer(layer);
        }
        foreach (var part in parts.Experts.Order())
        {
            cancellation.ThrowIfCancellationRequested();
            var expert = await RoutedExpert.LoadAsync(checkpoint, part.Layer, part.Expert, device, mode, cancellation);
            Keep(expert.WeightBytes, () => _experts.Add(part, expert));
            yield return _sizes.Expert(part.Layer);
        }
    }

    private void Keep(long bytes, Action add)
    {
        lock (_gate)
            add();
        Interlocked.Add(ref _weightBytes, bytes);
    }

    private PlanParts Lacking(PlanParts wanted)
    {
        lock (_gate)
        {
            return new PlanParts(
                wanted.Layers.Where(layer => !_layers.ContainsKey(layer)).ToHashSet(),
                wanted.Experts.Where(part => !_experts.ContainsKey(part)).ToHashSet(),
                wanted.Vocabulary && _vocabulary is null);
        }
    }

    /// <summary>From here on nobody can borrow what is taken out.</summary>
    private List<(IDisposable Weights, long Bytes)> TakeOut(PlanParts[] keep)
    {
        var taken = new List<(IDisposable, long)>();
        lock (_gate)
        {
            foreach (var (layer, weights) in _layers.Where(held => !keep.Any(parts => parts.Layers.Contains(held.Key))).ToList())
            {
                _layers.Remove(layer);
                taken.Add((weights, weights.WeightBytes));
            }
            foreach (var (part, expert) in _experts.Where(held => !keep.Any(parts => parts.Experts.Contains(held.Key))).ToList())
            {
                _experts.Remove(part);
                taken.Add((expert, expert.WeightBytes));
            }
            foreach (var group in _groups.Keys.Where(group => Enumerable.Range(group.First, group.Count).Any(expert => !_experts.ContainsKey((group.Layer, expert)))).ToList())
                _groups.Remove(group);
            if (_vocabulary is not null && !keep.Any(parts => parts.Vocabulary))
            {
                taken.Add((_vocabulary, _vocabulary.WeightBytes));
                _vocabulary = null;
            }
            if (_vision is not null && !keep.Any(parts => parts.Vocabulary))
            {
                taken.Add((_vision, _vision.WeightBytes));
                _vision = null;
            }
        }
        return taken;
    }

    private async Task LetGoAsync(List<(IDisposable Weights, long Bytes)> taken)
    {
        if (taken.Count == 0)
            return;
        try
        {
            await device.SynchronizeAsync(CancellationToken.None);
        }
        finally
        {
            // Also on a device that has failed: nothing will ever read them there.
            foreach (var (weights, bytes) in taken)
            {
                weights.Dispose();
                Interlocked.Add(ref _weightBytes, -bytes);
            }
        }
    }

    private InvalidOperationException Missing(string part) => new($"host {host} does not hold {part}: no plan that it has loaded gives it to this host");
}
