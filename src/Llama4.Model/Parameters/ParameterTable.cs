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
        yield return Of("vision_model.class_embedding", hidden);
        yield return Of("vision_model.positional_embedding_vlm", vision.Positions, hidden);
        yield return Of("vision_model.patch_embedding.linear.weight", hidden, (long)vision.Channels * vision.PatchPixels * vision.PatchPixels);
        foreach (var norm in (string[])["layernorm_pre", "layernorm_post"])
        {
            yield return Of($"vision_model.{norm}.weight", hidden);
            yield return Of($"vision_model.{norm}.bias", hidden);
        }
        for (var layer = 0; layer < vision.Layers; layer++)
        {
            var prefix = $"vision_model.model.layers.{layer}.";
            foreach (var projection in "qkvo")
            {
                yield return Of($"{prefix}self_attn.{projection}_proj.weight", hidden, hidden);
                yield return Of($"{prefix}self_attn.{projection}_proj.bias", hidden);
            }
            yield return Of($"{prefix}mlp.fc1.weight", width, hidden);
            yield return Of($"{prefix}mlp.fc1.bias", width);
            yield return Of($"{prefix}mlp.fc2.weight", hidden, width);
            yield return Of($"{prefix}mlp.fc2.bias", hidden);
            foreach (var norm in (string[])["input_layernorm", "post_attention_layernorm"])
            {
                yield return Of($"{prefix}{norm}.weight", hidden);
                yield return Of($"{prefix}{norm}.bias", hidden);
            }
        }
        yield return Of("vision_model.vision_adapter.mlp.fc1.weight", vision.ProjectorInput, width);
        yield return Of("vision_model.vision_adapter.mlp.fc2.weight", vision.ProjectorOutput, vision.ProjectorInput);
        yield return Of("multi_modal_projector.linear_1.weight", textHidden, vision.OutputWidth);
    }

    private static Parameter Of(string name, params long[] shape) => new(name, ParameterKind.Vision, shape);
}
