using Llama4.Compute;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Hosting;

/// <summary>How much KV memory a host gives to a model.</summary>
internal static class KvPlan
{
    /// <summary>Given when nothing is asked for: enough for a demo model's every sequence, little enough for a laptop.</summary>
    public const long DefaultBytesMax = 1L << 30;

    public static KvNeeds Needs(Llama4Config config, ComputeMode mode, SchedulerLimits limits) => new(
        config.Layers.Count(layer => layer.Mask == AttentionMask.Chunked),
        config.Layers.Count(layer => layer.Mask == AttentionMask.Full),
        new KvShape(1, config.KvHeads, config.HeadDim, mode.Activations()).BlockBytes,
        KvShape.BlockPositions,
        config.AttentionChunk,
        limits.ContextMax,
        limits.SequencesMax);

    /// <summary>Most bytes of KV blocks in a message: a link of 10 Gbit/s carries it in 0.9 ms, so that rows of a step behind it wait no longer.</summary>
    private const long PageBytesMax = 1 << 20;

    /// <summary>For having KV blocks moved.</summary>
    public static KvLayers Layers(Llama4Config config, KvNeeds needs) => new(
        [.. config.Layers.Select(layer => layer.Mask == AttentionMask.Chunked)], (int)Math.Max(1, PageBytesMax / needs.BlockBytes));

    /// <param name="bytes">Null for what all sequences can use, but at most <see cref="DefaultBytesMax"/>.</param>
    public static KvSizes Sizes(KvNeeds needs, long? bytes) =>
        KvBudget.Divide(needs, bytes ?? Math.Min(DefaultBytesMax, KvBudget.Bytes(needs, KvBudget.Most(needs))));
}
