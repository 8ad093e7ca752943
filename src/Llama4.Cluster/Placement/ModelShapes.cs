using Llama4.Compute;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Placement;

/// <summary>A model's parts in bytes, as the placement planner takes them.</summary>
internal static class ModelShapes
{
    /// <summary>From the config alone: weights at the size they are kept in, and each layer's KV pool with its attention.</summary>
    public static ModelShape Of(Llama4Config config, ComputeMode mode, KvSizes kv)
    {
        // bf16 weights stay bf16 in either mode; a checkpoint of wider ones takes more in fp32.
        var element = DType.BF16.Bytes();
        var blockBytes = new KvShape(1, config.KvHeads, config.HeadDim, mode.Activations()).BlockBytes;
        var vocabulary = 0L;
        var shared = new long[config.Layers.Count];
        var experts = new long[config.Layers.Count];
        foreach (var parameter in ParameterTable.Text(config))
        {
            var bytes = parameter.Count * element;
            if (TensorNames.LayerOf(parameter.Name) is not { } layer)
                vocabulary += bytes;
            else if (parameter.Kind == ParameterKind.Experts)
                experts[layer] += bytes / config.Experts;
            else
                shared[layer] += bytes;
        }
        return new ModelShape(
            [.. config.Layers.Select(layer => new LayerShape(
                shared[layer.Index] + (blockBytes * (layer.Mask == AttentionMask.Chunked ? kv.ChunkedBlocks : kv.FullBlocks)),
                layer.IsMoe ? config.Experts : 0,
                experts[layer.Index]))],
            vocabulary);
    }
}
