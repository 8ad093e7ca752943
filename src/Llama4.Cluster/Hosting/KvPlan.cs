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

    /// <param name="bytes">Null for what all sequences can use, but at most <see cref="DefaultBytesMax"/>.</param>
    public static KvSizes Sizes(KvNeeds needs, long? bytes) =>
        KvBudget.Divide(needs, bytes ?? Math.Min(DefaultBytesMax, KvBudget.Bytes(needs, KvBudget.Most(needs))));
}
