namespace Llama4.Model;

/// <summary>
/// The names of the published checkpoints, in this one file. The rest of the code uses names without a prefix
/// ("layers.3.self_attn.q_proj.weight"); files put one of several before them.
/// </summary>
public static class TensorNames
{
    public const string Embedding = "embed_tokens.weight";
    public const string FinalNorm = "norm.weight";
    public const string Output = "lm_head.weight";

    /// <summary>Prefixes of the text model's tensors: released, transformers 5, text only, bare. The longest that fits is taken off.</summary>
    private static readonly string[] Prefixes = ["language_model.model.", "model.language_model.", "language_model.", "model."];

    public static string InputNorm(int layer) => $"layers.{layer}.input_layernorm.weight";

    public static string PostAttentionNorm(int layer) => $"layers.{layer}.post_attention_layernorm.weight";

    /// <param name="which">q, k, v or o.</param>
    public static string Projection(int layer, char which) => $"layers.{layer}.self_attn.{which}_proj.weight";

    public static string Router(int layer) => $"layers.{layer}.feed_forward.router.weight";

    /// <summary>[experts, hidden, 2·width]: gate columns, then up columns.</summary>
    public static string ExpertsGateUp(int layer) => $"layers.{layer}.feed_forward.experts.gate_up_proj";

    /// <summary>[experts, width, hidden].</summary>
    public static string ExpertsDown(int layer) => $"layers.{layer}.feed_forward.experts.down_proj";

    /// <param name="which">gate, up or down.</param>
    public static string Shared(int layer, string which) => $"layers.{layer}.feed_forward.shared_expert.{which}_proj.weight";

    /// <inheritdoc cref="Shared"/>
    public static string Dense(int layer, string which) => $"layers.{layer}.feed_forward.{which}_proj.weight";

    /// <summary>The layer that a tensor named without prefix belongs to; null for the vocabulary's.</summary>
    public static int? LayerOf(string name) =>
        name.Split('.') is ["layers", var layer, ..] ? int.Parse(layer, System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>The name as released: language_model. before the text model's tensors.</summary>
    public static string Released(string name) => name == Output ? "language_model." + name : "language_model.model." + name;

    /// <summary>Takes the prefix off a text tensor's stored name.</summary>
    public static string WithoutPrefix(string stored)
    {
        foreach (var prefix in Prefixes)
        {
            if (stored.StartsWith(prefix, StringComparison.Ordinal))
                return stored[prefix.Length..];
        }
        return stored;
    }
}
