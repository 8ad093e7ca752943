namespace Llama4.Model;

/// <summary>Every tensor that a config calls for, in the order of the released checkpoints.</summary>
public static class ParameterTable
{
    /// <summary>Vision tower and projector (if the config has them), then the text model.</summary>
    public static IEnumerable<Parameter> All(Llama4Config config) =>
        (config.Vision is { } vision ? Vision(vision, config.HiddenSize) : []).Concat(Text(config));

    /// <summary>The text model.</summary>
    public static IEnumerable<Parameter> Text(Llama4Config config)
    {
        long hidden = config.HiddenSize, vocab = config.VocabSize;
        yield return new(TensorNames.Embedding, ParameterKind.Embeddings, [vocab, hidden]);
        foreach (var layer in config.Layers)
        {
            foreach (var parameter in Attention(config, layer.Index))
                yield return parameter;
            foreach (var parameter in layer.IsMoe ? Moe(config, layer.Index) : Dense(config, layer.Index))
                yield return parameter;
            yield return new(TensorNames.InputNorm(layer.Index), ParameterKind.Norms, [hidden]);
            yield return new(TensorNames.PostAttentionNorm(layer.Index), ParameterKind.Norms, [hidden]);
        }
        yield return new(TensorNames.FinalNorm, ParameterKind.Norms, [hidden]);
        if (!config.TiesEmbeddings)
            yield return new(TensorNames.Output, ParameterKind.Embeddings, [vocab, hidden]);
    }

    private static IEnumerable<Parameter> Attention(Llama4Config config, int layer)
    {
        long hidden = config.HiddenSize, queries = (long)config.Heads * config.HeadDim, keys = (long)config.KvHeads * config.HeadDim;
        yield return new(TensorNames.Projection(layer, 'q'), ParameterKind.Attention, [queries, hidden]);
        yield return new(TensorNames.Projection(layer, 'k'), ParameterKind.Attention, [keys, hidden]);
        yield return new(TensorNames.Projection(layer, 'v'), ParameterKind.Attention, [keys, hidden]);
        yield return new(TensorNames.Projection(layer, 'o'), ParameterKind.Attention, [hidden, queries]);
    }

    private static IEnumerable<Parameter> Moe(Llama4Config config, int layer)
    {
        long hidden = config.HiddenSize, width = config.ExpertWidth, experts = config.Experts;
        yield return new(TensorNames.Router(layer), ParameterKind.Routers, [experts, hidden]);
        yield return new(TensorNames.ExpertsGateUp(layer), ParameterKind.Experts, [experts, hidden, 2 * width]);
        yield return new(TensorNames.ExpertsDown(layer), ParameterKind.Experts, [experts, width, hidden]);
        yield return new(TensorNames.Shared(layer, "gate"), ParameterKind.SharedExperts, [width, hidden]);
        yield return new(TensorNames.Shared(layer, "up"), ParameterKind.SharedExperts, [width, hidden]);
        yield return new(TensorNames.Shared(layer, "down"), ParameterKind.SharedExperts, [hidden, width]);
    }

    private static IEnumerable<Parameter> Dense(Llama4Config config, int layer)
    {
        long hidden = config.HiddenSize, width = config.DenseWidth;
        yield return new(TensorNames.Dense(layer, "gate"), ParameterKind.DenseFeedForward, [width, hidden]);
        yield return new(TensorNames.Dense(layer, "up"), ParameterKind.DenseFeedForward, [width, hidden]);
        yield return new(TensorNames.Dense(layer, "down"), ParameterKind.DenseFeedForward, [hidden, width]);
    }

    /// <param name="textHidden">Hidden size of the text model, which the projector ends in.</param>
    private static IEnumerable<Parameter> Vision(VisionConfig vision, int textHidden)
    {
        long hidden = vision.HiddenSize, width = vision.FeedForwardWidth;
        yield return Of(VisionNames.ClassEmbedding, hidden);
        yield return Of(VisionNames.PositionEmbedding, vision.Positions, hidden);
        yield return Of(VisionNames.PatchEmbedding, hidden, (long)vision.Channels * vision.PatchPixels * vision.PatchPixels);
        foreach (var parameter in Both(VisionNames.PreNorm, hidden).Concat(Both(VisionNames.PostNorm, hidden)))
            yield return parameter;
        for (var layer = 0; layer < vision.Layers; layer++)
        {
            foreach (var parameter in VisionBlock(layer, hidden, width))
                yield return parameter;
        }
        yield return Of(VisionNames.AdapterFirst, vision.ProjectorInput, width);
        yield return Of(VisionNames.AdapterSecond, vision.ProjectorOutput, vision.ProjectorInput);
        yield return Of(VisionNames.Projector, textHidden, vision.OutputWidth);
    }

    private static IEnumerable<Parameter> VisionBlock(int layer, long hidden, long width) =>
    [
        .. "qkvo".SelectMany(which => Both(VisionNames.Projection(layer, which), hidden, hidden)),
        .. Both(VisionNames.FeedForward(layer, 1), width, hidden),
        .. Both(VisionNames.FeedForward(layer, 2), hidden, width),
        .. Both(VisionNames.InputNorm(layer), hidden),
        .. Both(VisionNames.PostAttentionNorm(layer), hidden),
    ];

    /// <summary>Weight and bias, which has as many elements as the weight has outputs.</summary>
    private static Parameter[] Both(string name, params long[] shape) => [Of(VisionNames.Weight(name), shape), Of(VisionNames.Bias(name), shape[0])];

    private static Parameter Of(string name, params long[] shape) => new(name, ParameterKind.Vision, shape);
}
