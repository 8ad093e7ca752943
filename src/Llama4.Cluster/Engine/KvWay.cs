using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>From where to where a replica's KV blocks go between two plans, and how far they are.</summary>
internal sealed class KvWay
{
    private readonly Dictionary<int, Guid> _memories = [];

    public KvWay(int replica, KvLayers layers, PlacementPlan from, PlacementPlan to)
    {
        Epoch = from.Epoch;
        if (replica < to.Replicas.Length)
        {
            var (before, after) = (from.Replicas[replica], to.Replicas[replica]);
            Layers = [.. Enumerable.Range(0, layers.IsChunked.Length)
                .Select(layer => new KvLayer(layer, layers.IsChunked[layer], before.StageOf(layer).Host, after.StageOf(layer).Host))
                .Where(layer => layer.From != layer.To)];
        }
        Move = new KvMove(Layers.Any(layer => !layer.IsChunked), Layers.Any(layer => layer.IsChunked), layers.PageBlocks);
    }

    /// <summary>Of the plan in force.</summary>
    public long Epoch { get; }

    /// <summary>Those that get another host.</summary>
    public KvLayer[] Layers { get; } = [];

    public KvMove Move { get; }

    /// <summary>Whether a layer's memory is the one that was copied to before. If it is another, nothing is moved yet.</summary>
    public bool IsKnown(KvLayer layer, Guid memory)
    {
        var isKnown = _memories.TryAdd(layer.Layer, memory) || _memories[layer.Layer] == memory;
        if (!isKnown)
        {
            _memories[layer.Layer] = memory;
            Move.Forget();
        }
        return isKnown;
    }
}

/// <summary>A layer that gets another host.</summary>
internal readonly record struct KvLayer(int Layer, bool IsChunked, HostId From, HostId To);
