namespace Llama4.Model;

/// <summary>Reads the layer plan out of the lists (or their absence) in a text config.</summary>
internal static class LayerPlanReader
{
    public static LayerPlan[] Read(ConfigFields text, int layers, bool hasChunks)
    {
        var usesRope = UsesRope(text, layers);
        var isChunked = IsChunked(text, layers, usesRope);
        var isMoe = IsMoe(text, layers);
        var qkNorm = text.FlagOr("use_qk_norm", true);
        var temperature = text.TruthOr("attn_temperature_tuning", true);

        var plan = new LayerPlan[layers];
        for (var layer = 0; layer < layers; layer++)
        {
            plan[layer] = new LayerPlan(
                layer,
                usesRope[layer],
                UsesQkNorm: qkNorm && usesRope[layer],
                UsesTemperature: temperature && !usesRope[layer],
                isChunked[layer] && hasChunks ? AttentionMask.Chunked : AttentionMask.Full,
                isMoe[layer]);
        }
        return plan;
    }

    /// <summary>In <c>no_rope_layers</c> 1 means the layer USES RoPE; null and [] both mean the default pattern.</summary>
    private static bool[] UsesRope(ConfigFields text, int layers)
    {
        var flags = text.Integers("no_rope_layers", 0, 1);
        if (flags is { Length: > 0 })
        {
            return flags.Length == layers
                ? [.. flags.Select(flag => flag == 1)]
                : throw text.Error("no_rope_layers", $"{layers} items (num_hidden_layers), null or []", $"{flags.Length} items");
        }
        var interval = text.SizeOr("no_rope_layer_interval", 4);
        return [.. Enumerable.Range(0, layers).Select(layer => (layer + 1) % interval != 0)];
    }

    private static bool[] IsChunked(ConfigFields text, int layers, bool[] usesRope)
    {
        var types = text.Texts("layer_types");
        if (types is null)
            return usesRope;
        if (types.Length != layers)
            throw text.Error("layer_types", $"{layers} items (num_hidden_layers)", $"{types.Length} items");
        return [.. types.Select((type, layer) => type switch
        {
            "chunked_attention" => true,
            "full_attention" => false,
            _ => throw text.Error("layer_types", "chunked_attention or full_attention", $"\"{CheckpointException.Excerpt(type)}\" at index {layer}"),
        })];
    }

    private static bool[] IsMoe(ConfigFields text, int layers)
    {
        var isMoe = new bool[layers];
        if (text.Integers("moe_layers", 0, layers - 1) is { } listed)
        {
            foreach (var layer in listed)
                isMoe[layer] = true;
            return isMoe;
        }
        var step = text.SizeOr("interleave_moe_layer_step", 1);
        for (long layer = step - 1; layer < layers; layer += step)
            isMoe[layer] = true;
        return isMoe;
    }
}
