using System.Text.Json;

namespace Llama4.Model;

/// <summary>
/// From config.json to <see cref="Llama4Config"/>. Sizes must be there; behaviours that a file leaves out have the
/// defaults of transformers' configuration_llama4.py, except where those belong to another model.
/// </summary>
internal static class Llama4ConfigReader
{
    /// <summary>Far beyond any model (Scout and Maverick: 48): a bound on what a wrong file makes us build.</summary>
    private const int LayersMax = 4096;

    public static Llama4Config Load(string file)
    {
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, "file", "a readable config", error.Message, error);
        }
        return Parse(json, file);
    }

    public static Llama4Config Parse(ReadOnlyMemory<byte> json, string file)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw new CheckpointException(file, "file", "JSON without duplicate keys", error.Message, error);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new CheckpointException(file, "file", "a JSON object", document.RootElement.ValueKind.ToString());
            var top = new ConfigFields(file, "", document.RootElement);
            var text = top.Section("text_config") ?? top;
            RefuseWhatIsNotLlama4Text(top, text);
            return Read(top, text);
        }
    }

    private static Llama4Config Read(ConfigFields top, ConfigFields text)
    {
        var hidden = text.Size("hidden_size");
        var heads = text.Size("num_attention_heads");
        var kvHeads = text.Has("num_key_value_heads") ? text.SizeOr("num_key_value_heads", heads) : 8;
        var headDim = text.Has("head_dim") ? text.SizeOr("head_dim", hidden / heads) : 128;
        CheckHeads(text, heads, kvHeads, headDim);

        var (theta, scaling) = RopeScaling.Read(text);
        int? chunk = text.Has("attention_chunk_size") ? (text.HasValue("attention_chunk_size") ? text.Size("attention_chunk_size", int.MaxValue) : null) : 8192;
        return new Llama4Config
        {
            VocabSize = text.Size("vocab_size"),
            HiddenSize = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            ExpertWidth = text.Size("intermediate_size"),
            DenseWidth = text.SizeOr("intermediate_size_mlp", 16384),
            Experts = text.SizeOr("num_local_experts", 16),
            AttentionChunk = chunk,
            FloorScale = text.SizeOr("floor_scale", 8192, int.MaxValue),
            AttentionScale = (float)text.PositiveOr("attn_scale", 0.1),
            RopeTheta = theta,
            RopeScaling = scaling,
            MaxPositions = text.SizeOr("max_position_embeddings", 131072, int.MaxValue),
            NormEpsilon = (float)text.PositiveOr("rms_norm_eps", 1e-5),
            TiesEmbeddings = text.Has("tie_word_embeddings") ? text.FlagOr("tie_word_embeddings", false) : top.FlagOr("tie_word_embeddings", false),
            BosId = text.Id("bos_token_id"),
            EosIds = text.Ids("eos_token_id"),
            PadId = PadId(text),
            DTypeName = text.Text("dtype") ?? text.Text("torch_dtype") ?? top.Text("dtype") ?? top.Text("torch_dtype") ?? "bfloat16",
            Layers = LayerPlanReader.Read(text, text.Size("num_hidden_layers", LayersMax), chunk is not null),
            Vision = top.Section("vision_config") is { } vision ? VisionConfig.Read(vision) : null,
            PatchId = top.Id("image_token_index") ?? top.Id("image_token_id") ?? 200_092,
            Warnings = Warnings(scaling),
        };
    }

    private static void RefuseWhatIsNotLlama4Text(ConfigFields top, ConfigFields text)
    {
        if (top.Text("model_type") is not (null or "llama4" or "llama4_text"))
            throw top.Wrong("model_type", "\"llama4\" or \"llama4_text\"");
        if (top.HasValue("quantization_config"))
            throw top.Wrong("quantization_config", "no quantisation (bf16, fp16 or fp32 tensors)");
        if (text.SizeOr("num_experts_per_tok", 1) != 1)
            throw text.Wrong("num_experts_per_tok", "1 (Llama 4 routes each token to one expert)");
        if (text.Text("hidden_act") is not (null or "silu"))
            throw text.Wrong("hidden_act", "\"silu\"");
        if (text.FlagOr("attention_bias", false))
            throw text.Wrong("attention_bias", "false (Llama 4's projections have no bias)");
    }

    private static void CheckHeads(ConfigFields text, int heads, int kvHeads, int headDim)
    {
        if (heads % kvHeads != 0)
            throw text.Error("num_attention_heads", $"a multiple of num_key_value_heads ({kvHeads})", $"{heads}");
        if (headDim < 2 || headDim % 2 != 0)
            throw text.Error("head_dim", "an even number of at least 2 (RoPE rotates pairs)", $"{headDim}");
        if ((heads + 2L * kvHeads) * headDim > int.MaxValue)
            throw text.Error("num_attention_heads", $"heads and key/value heads of {headDim} components below 2^31 together", $"{heads} and {kvHeads}");
    }

    /// <summary>Some writers say -1 for "none".</summary>
    private static int? PadId(ConfigFields text)
    {
        if (!text.HasValue("pad_token_id"))
            return null;
        var id = text.Integer("pad_token_id", -1, int.MaxValue);
        return id < 0 ? null : id;
    }

    private static List<string> Warnings(RopeScaling? scaling)
    {
        var warnings = new List<string>();
        if (scaling is { IsStaleScout: true })
        {
            warnings.Add("rope_scaling is 8/1/4 (factor, low, high), as in early Scout configs; Meta corrected Scout to 16/1/1. "
                + "The config is obeyed: if this is Scout, fetch its current config.json.");
        }
        return warnings;
    }
}
