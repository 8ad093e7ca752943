using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Hosting;

internal sealed class LayerWeights
{
    public required AttentionBlock Attention { get; init; }
    public Router? Router { get; init; }
    public SharedExpert? Shared { get; init; }
    public DenseFeedForward? Dense { get; init; }
}

/// <summary>Temporary.</summary>
internal sealed class WeightStore(HostId host, Checkpoint checkpoint, IDevice device, ComputeMode mode, CancellationToken loading, IProgress<double>? progress) : IAsyncDisposable
{
    private readonly Dictionary<int, LayerWeights> _layers = [];
    private readonly Dictionary<(int, int, int), ExpertGroup> _groups = [];
    private Vocabulary? _vocabulary;

    public LayerWeights Layer(int layer) => _layers[layer];
    public ExpertGroup Experts(int layer, int first, int count) => _groups[(layer, first, count)];
    public Vocabulary Vocabulary => _vocabulary!;
    public long WeightBytes { get; private set; }

    public async Task EnsureAsync(PlacementPlan plan, CancellationToken cancellation)
    {
        foreach (var replica in plan.Replicas)
        {
            if (replica.Vocabulary == host && _vocabulary is null)
            {
                _vocabulary = await Vocabulary.LoadAsync(checkpoint, device, mode, loading);
                WeightBytes += _vocabulary.WeightBytes;
            }
            foreach (var stage in replica.Stages.Where(stage => stage.Host == host))
            {
                for (var layer = stage.FirstLayer; layer < stage.FirstLayer + stage.Layers; layer++)
                {
                    if (_layers.ContainsKey(layer))
                        continue;
                    var moe = checkpoint.Config.Layers[layer].IsMoe;
                    var weights = new LayerWeights
                    {
                        Attention = await AttentionBlock.LoadAsync(checkpoint, layer, device, mode, loading),
                        Router = moe ? await Router.LoadAsync(checkpoint, layer, device, mode, loading) : null,
                        Shared = moe ? await SharedExpert.LoadAsync(checkpoint, layer, device, mode, loading) : null,
                        Dense = moe ? null : await DenseFeedForward.LoadAsync(checkpoint, layer, device, mode, loading),
                    };
                    _layers[layer] = weights;
                    WeightBytes += weights.Attention.WeightBytes;
                }
            }
        }
        foreach (var layer in plan.Layers)
        {
            foreach (var group in layer.ExpertGroups)
            {
                if ((group.Host == host || group.Standbys.Contains(host)) && !_groups.ContainsKey((layer.Layer, group.First, group.Count)))
                {
                    var experts = await ExpertGroup.LoadAsync(checkpoint, layer.Layer, group.First, group.Count, device, mode, loading);
                    _groups[(layer.Layer, group.First, group.Count)] = experts;
                    WeightBytes += experts.WeightBytes;
                }
            }
        }
        progress?.Report(1);
    }

    public Task TrimAsync(IReadOnlyList<PlacementPlan> keep) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _vocabulary?.Dispose();
        foreach (var layer in _layers.Values)
        {
            layer.Attention.Dispose();
            layer.Router?.Dispose();
            layer.Shared?.Dispose();
            layer.Dense?.Dispose();
        }
        foreach (var group in _groups.Values)
            group.Dispose();
        return ValueTask.CompletedTask;
    }
}
