using System.Text.Json.Nodes;
using Llama4.Model;

namespace Llama4.Server.Synth;

/// <summary>
/// Makes a shape smaller and keeps its character: the same experts, the same ratio of query to key/value heads, the same pattern
/// of layers, and attention chunks that a short prompt passes. Scout by 32 has scout-nano's hidden size and heads.
/// </summary>
internal static class ShapeDivision
{
    /// <summary>Two turns of the pattern in which every fourth layer has no RoPE.</summary>
    private const int LayersMin = 8;

    private const int LayerPattern = 4;

    /// <summary>Matrices are cut into panels of 16 outputs; two of them keep odd sizes out.</summary>
    private const int WidthStep = 32;

    private const int VocabularyStep = 64;

    /// <summary>Below this a chunk would hold less than one KV block.</summary>
    private const int ChunkMin = 32;

    public static SynthShape Divide(SynthShape shape, int divisor)
    {
        if (divisor == 1)
        {
            return shape;
        }

        var config = shape.Config;
        var json = shape.Json.DeepClone().AsObject();
        json["hidden_size"] = Size(config.HiddenSize, divisor, WidthStep);
        json["intermediate_size"] = Size(config.ExpertWidth, divisor, WidthStep);
        json["intermediate_size_mlp"] = Size(config.DenseWidth, divisor, WidthStep);
        DivideHeads(json, config, divisor);
        DivideLayers(json, config, divisor);
        DividePositions(json, config, divisor);
        DivideVocabulary(json, config, divisor);
        return SynthShape.OfText(json, "the divided shape");
    }

    private static int Size(int size, int divisor, int step) => Math.Min(size, Math.Max(step, (size / divisor + step - 1) / step * step));

    /// <summary>Fewer heads first; when one key/value head is left, smaller ones.</summary>
    private static void DivideHeads(JsonObject json, Llama4Config config, int divisor)
    {
        var kvHeads = Math.Max(1, config.KvHeads / divisor);
        var heads = config.Heads / config.KvHeads * kvHeads;
        var width = config.Heads * config.HeadDim / divisor;
        json["num_key_value_heads"] = kvHeads;
        json["num_attention_heads"] = heads;
        json["head_dim"] = Math.Min(config.HeadDim, Math.Max(8, (width / heads + 7) / 8 * 8));
    }

    private static void DivideLayers(JsonObject json, Llama4Config config, int divisor)
    {
        var layers = Math.Min(config.Layers.Count, Math.Max(LayersMin, (config.Layers.Count / divisor + LayerPattern - 1) / LayerPattern * LayerPattern));
        json["num_hidden_layers"] = layers;
        foreach (var name in (string[])["no_rope_layers", "layer_types"])
        {
            if (json[name] is JsonArray { Count: > 0 } list)
            {
                json[name] = new JsonArray([.. list.Take(layers).Select(item => item?.DeepClone())]);
            }
        }

        if (json["moe_layers"] is JsonArray moe)
        {
            json["moe_layers"] = new JsonArray([.. moe.Where(item => item!.GetValue<int>() < layers).Select(item => item!.DeepClone())]);
        }
    }

    private static void DividePositions(JsonObject json, Llama4Config config, int divisor)
    {
        if (config.AttentionChunk is { } chunk)
        {
            json["attention_chunk_size"] = Size(chunk, divisor, ChunkMin);
        }

        json["floor_scale"] = Size(config.FloorScale, divisor, ChunkMin);
        json["max_position_embeddings"] = Size(config.MaxPositions, divisor, 16 * ChunkMin);
        foreach (var name in (string[])["rope_scaling", "rope_parameters"])
        {
            if (json[name] is JsonObject rope && rope.ContainsKey("original_max_position_embeddings"))
            {
                rope["original_max_position_embeddings"] = Size(config.RopeScaling!.OriginalPositions, divisor, ChunkMin);
            }
        }
    }

    /// <summary>Special tokens stand at the vocabulary's end and keep their distance to it; those for which there is no room go.</summary>
    private static void DivideVocabulary(JsonObject json, Llama4Config config, int divisor)
    {
        var size = Size(config.VocabSize, divisor, VocabularyStep);
        json["vocab_size"] = size;
        Set("bos_token_id", config.BosId is { } bos ? [bos] : []);
        Set("pad_token_id", config.PadId is { } pad ? [pad] : []);
        Set("eos_token_id", config.EosIds);

        void Set(string name, IReadOnlyList<int> ids)
        {
            var moved = ids.Select(id => id - config.VocabSize + size).Where(id => id >= 0).ToArray();
            json[name] = moved switch
            {
                [] => null,
                [var id] => id,
                _ => new JsonArray([.. moved.Select(id => (JsonNode)id)]),
            };
        }
    }
}
