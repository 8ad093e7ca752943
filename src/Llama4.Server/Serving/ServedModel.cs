using System.Text.Json;
using Llama4.Contracts;
using Llama4.Images;
using Llama4.Model;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Serving;

/// <summary>What stands between a checkpoint's weights and its users: text to ids and back, and the settings it was published with.</summary>
/// <param name="Defaults">Sampling of requests that say nothing: generation_config.json's, neutral where that is silent.</param>
/// <param name="StopIds">Ids that end an answer: those of generation_config.json, else of config.json, else of the tokenizer.</param>
internal sealed record ServedModel(Tokenizer Tokenizer, ChatFormat ChatFormat, SamplingSettings Defaults, int[] StopIds)
{
    /// <summary>How it wants its pictures; null for a model without a vision tower.</summary>
    public TileSettings? Tiles { get; init; }

    /// <summary>Reads what stands beside the weights; the weights themselves are not touched.</summary>
    /// <param name="dialect">How tools are written, whatever the checkpoint's chat template says.</param>
    /// <param name="warn">Told what is taken for granted.</param>
    /// <exception cref="TokenizerFormatException">The checkpoint has no tokenizer, or not one that can be read.</exception>
    /// <exception cref="CheckpointException">Its config or generation_config.json is not what it should be.</exception>
    public static ServedModel Load(string directory, ChatDialect? dialect = null, Action<string>? warn = null)
    {
        var config = Llama4Config.Load(Path.Combine(directory, "config.json"));
        var tokenizer = TokenizerLoader.Load(directory);
        var (defaults, stopIds) = ReadGenerationConfig(Path.Combine(directory, "generation_config.json"));
        int[] stops = stopIds.Length > 0 ? stopIds : config.EosIds.Count > 0 ? [.. config.EosIds] : [.. tokenizer.StopIds];
        return new ServedModel(tokenizer, ChatFormat.Load(tokenizer, directory, dialect, warn), defaults, stops)
        {
            Tiles = config.Vision is null ? null : ReadTiles(directory),
        };
    }

    private static TileSettings ReadTiles(string directory)
    {
        try
        {
            return TileSettingsFile.Read(directory);
        }
        catch (InvalidDataException error)
        {
            throw new CheckpointException(directory, "settings of pictures", "what Llama 4's image processor takes", error.Message, error);
        }
    }

    private static (SamplingSettings Defaults, int[] StopIds) ReadGenerationConfig(string file)
    {
        if (!File.Exists(file))
        {
            return (new SamplingSettings(), []);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var json = document.RootElement;
            var neutral = new SamplingSettings();
            var isGreedy = json.TryGetProperty("do_sample", out var sample) && sample.ValueKind == JsonValueKind.False;
            return (
                new SamplingSettings
                {
                    Temperature = isGreedy ? 0 : Number(json, "temperature", least: 0, most: 100) ?? neutral.Temperature,
                    TopP = Number(json, "top_p", least: double.Epsilon, most: 1) ?? neutral.TopP,
                    TopK = (int?)Number(json, "top_k", least: 0, most: int.MaxValue) ?? neutral.TopK,
                    MinP = Number(json, "min_p", least: 0, most: 1) ?? neutral.MinP,
                    RepetitionPenalty = Number(json, "repetition_penalty", least: double.Epsilon, most: 100) ?? neutral.RepetitionPenalty,
                },
                Ids(json, "eos_token_id"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException(file, "file", "a JSON object of generation settings", error.Message, error);
        }

        double? Number(JsonElement json, string name, double least, double most) =>
            !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most ? number
            : throw new CheckpointException(file, $"key {name}", $"a number up to {most}", value.GetRawText());

        static int[] Ids(JsonElement json, string name) =>
            !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? []
            : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(id => id.GetInt32())]
            : [value.GetInt32()];
    }
}
