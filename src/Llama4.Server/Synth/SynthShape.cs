using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.Model;

namespace Llama4.Server.Synth;

/// <summary>The shape of a checkpoint to make up: its config.json, and what that means.</summary>
/// <param name="Json">A text model's config in the published form.</param>
internal sealed record SynthShape(JsonObject Json, Llama4Config Config)
{
    /// <summary>Shapes that need no file.</summary>
    private static readonly string[] Known = ["scout", "maverick"];

    public static bool IsKnown(string name) => Known.Contains(name);

    /// <summary>Takes a shape by name, or from a config file; of a config with a vision tower, its text model.</summary>
    /// <exception cref="CheckpointException">The file is not a Llama 4 config.</exception>
    public static SynthShape Load(string nameOrFile) =>
        Known.Contains(nameOrFile) ? OfText(ReadKnown(nameOrFile), nameOrFile)
        : File.Exists(nameOrFile) ? OfText(TextSection(nameOrFile), nameOrFile)
        : throw new UsageException($"--shape: expected scout, maverick or a config.json, found '{nameOrFile}'");

    /// <summary>The shape with other values in its config.</summary>
    /// <param name="name">For errors.</param>
    public static SynthShape OfText(JsonObject text, string name)
    {
        text["architectures"] = new JsonArray("Llama4ForCausalLM");
        text["model_type"] = "llama4_text";
        text["torch_dtype"] = "bfloat16";
        text.Remove("dtype");
        text.Remove("quantization_config");
        return new SynthShape(text, Llama4Config.Parse(JsonSerializer.SerializeToUtf8Bytes(text), name));
    }

    private static JsonObject TextSection(string file)
    {
        Llama4Config.Load(file); // says clearly what is wrong with a file that describes no Llama 4
        var top = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
        if (top["text_config"] is not JsonObject text)
        {
            return top;
        }

        if (!text.ContainsKey("tie_word_embeddings") && top["tie_word_embeddings"] is { } ties)
        {
            text["tie_word_embeddings"] = ties.DeepClone();
        }

        return text.DeepClone().AsObject();
    }

    private static JsonObject ReadKnown(string name)
    {
        using var stream = typeof(SynthShape).Assembly.GetManifestResourceStream($"Llama4.Server.Synth.shapes.{name}.json")!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
