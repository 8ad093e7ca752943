namespace Llama4.Model;

/// <summary>The names of the vision tower's tensors, as released; files of transformers 5 put "model." before them.</summary>
public static class VisionNames
{
    public const string ClassEmbedding = "vision_model.class_embedding";
    public const string PositionEmbedding = "vision_model.positional_embedding_vlm";
    public const string PatchEmbedding = "vision_model.patch_embedding.linear.weight";
    public const string PreNorm = "vision_model.layernorm_pre";
    public const string PostNorm = "vision_model.layernorm_post";

    /// <summary>[projector input, feed-forward width].</summary>
    public const string AdapterFirst = "vision_model.vision_adapter.mlp.fc1.weight";

    /// <summary>[projector output, projector input].</summary>
    public const string AdapterSecond = "vision_model.vision_adapter.mlp.fc2.weight";

    /// <summary>[hidden of the text model, output width].</summary>
    public const string Projector = "multi_modal_projector.linear_1.weight";

    private static readonly string[] Prefixes = ["vision_model.", "multi_modal_projector."];

    public static string InputNorm(int layer) => $"{Block(layer)}input_layernorm";

    public static string PostAttentionNorm(int layer) => $"{Block(layer)}post_attention_layernorm";

    /// <param name="which">q, k, v or o.</param>
    public static string Projection(int layer, char which) => $"{Block(layer)}self_attn.{which}_proj";

    /// <param name="which">1 or 2.</param>
    public static string FeedForward(int layer, int which) => $"{Block(layer)}mlp.fc{which}";

    /// <summary>Of a norm or a projection.</summary>
    public static string Weight(string of) => of + ".weight";

    /// <inheritdoc cref="Weight"/>
    public static string Bias(string of) => of + ".bias";

    /// <summary>The released name of a tensor of the vision tower or its projector, whatever stands before it in the file; null for others.</summary>
    public static string? WithoutPrefix(string stored)
    {
        var name = stored.StartsWith("model.", StringComparison.Ordinal) ? stored["model.".Length..] : stored;
        return Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) ? name : null;
    }

    private static string Block(int layer) => $"vision_model.model.layers.{layer}.";
}
