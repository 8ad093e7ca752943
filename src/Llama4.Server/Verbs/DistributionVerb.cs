using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 distribution</c>: which tokens the sampler can draw from given logits, and how likely each is.</summary>
internal static class DistributionVerb
{
    /// <summary>Best tokens reported by their raw log-probability; tests/golden/sampling has as many.</summary>
    private const int TopLogprobs = 5;

    private static readonly string[] Names =
        ["temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias"];

    public static Verb Create(Terminal terminal)
    {
        var command = new Command("distribution", """JSON lines {"logits":[…],"settings":{…},"prompt_ids":[…],"output_ids":[…]} to probabilities.""");
        command.SetAction((_, cancellation) => JsonLines.MapAsync(terminal, Map, cancellation));
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"logits":[1,2,3],"settings":{"temperature":0.7,"top_p":0.9}}' | llama4 distribution""");
    }

    private static void Map(JsonElement line, Utf8JsonWriter answer)
    {
        var logits = Logits(line);
        var draw = new TokenDraw(Settings(line, logits.Length), History(line, "prompt_ids", logits.Length), History(line, "output_ids", logits.Length), 0, 0, 0, TopLogprobs);
        var distribution = Sampler.Distribution(logits, draw);
        answer.WriteStartObject("probabilities");
        foreach (var (id, probability) in distribution.Probabilities)
        {
            answer.WriteNumber(id.ToString(CultureInfo.InvariantCulture), probability);
        }

        answer.WriteEndObject();
        answer.WriteStartArray("top_logprobs");
        foreach (var (id, logprob) in distribution.Top)
        {
            answer.WriteStartArray();
            answer.WriteNumberValue(id);
            answer.WriteNumberValue(logprob);
            answer.WriteEndArray();
        }

        answer.WriteEndArray();
    }

    private static float[] Logits(JsonElement line)
    {
        var value = line.Member("logits");
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? [.. value.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetSingle(out var logit) && float.IsFinite(logit)
                ? logit
                : throw new InvalidDataException($"\"logits\"[{i}]: expected a finite number, found {item.GetRawText()}"))]
            : throw new InvalidDataException("\"logits\": expected an array of numbers, one for each id");
    }

    /// <summary>The ids of prompt or output, to which penalties look back; none if the line is silent.</summary>
    private static int[] History(JsonElement line, string name, int vocabulary)
    {
        int[] ids = line.TryGetProperty(name, out _) ? line.Ids(name) : [];
        var wrong = Array.FindIndex(ids, id => id >= vocabulary);
        return wrong < 0 ? ids : throw new InvalidDataException($"\"{name}\"[{wrong}]: expected an id below {vocabulary}, found {ids[wrong]}");
    }

    /// <summary>Settings under OpenAI's names, in the ranges in which they mean something; one that is absent is neutral.</summary>
    private static SamplingSettings Settings(JsonElement line, int vocabulary)
    {
        if (!line.TryGetProperty("settings", out var settings))
        {
            return new SamplingSettings();
        }

        if (settings.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException("\"settings\": expected an object");
        }

        if (settings.EnumerateObject().Select(s => s.Name).FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
        {
            throw new InvalidDataException($"\"settings\": expected {string.Join(", ", Names)}, found \"{unknown}\"");
        }

        return new SamplingSettings
        {
            Temperature = Number("temperature", 1, v => v >= 0, "0 or more"),
            TopP = Number("top_p", 1, v => v is > 0 and <= 1, "above 0, to 1"),
            TopK = (int)Number("top_k", 0, v => v >= 0 && v <= int.MaxValue && v == Math.Floor(v), "a whole number, 0 for all"),
            MinP = Number("min_p", 0, v => v is >= 0 and <= 1, "0 to 1"),
            PresencePenalty = Number("presence_penalty", 0, _ => true, "a number"),
            FrequencyPenalty = Number("frequency_penalty", 0, _ => true, "a number"),
            RepetitionPenalty = Number("repetition_penalty", 1, v => v > 0, "above 0"),
            LogitBias = settings.TryGetProperty("logit_bias", out var bias) ? Bias(bias, vocabulary) : null,
        };

        double Number(string name, double neutral, Func<double, bool> holds, string expected) =>
            !settings.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? neutral
            : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && holds(number) ? number
            : throw new InvalidDataException($"\"{name}\": expected {expected}, found {value.GetRawText()}");
    }

    private static Dictionary<int, double> Bias(JsonElement bias, int vocabulary)
    {
        if (bias.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException("\"logit_bias\": expected an object of id to bias");
        }

        return bias.EnumerateObject().ToDictionary(
            item => int.TryParse(item.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < vocabulary
                ? id
                : throw new InvalidDataException($"\"logit_bias\": expected ids below {vocabulary}, found \"{item.Name}\""),
            item => item.Value.ValueKind == JsonValueKind.Number
                ? item.Value.GetDouble()
                : throw new InvalidDataException($"\"logit_bias\": expected numbers, found {item.Value.GetRawText()}"));
    }
}
