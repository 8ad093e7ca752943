using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Model.Tests;

/// <summary>One line of tests/golden/sampling/distributions.jsonl.</summary>
internal sealed record GoldenDraw(int Line, float[] Logits, TokenDraw Draw, Dictionary<int, double> Probabilities, TokenLogprob[] Top)
{
    public static IEnumerable<GoldenDraw> All() =>
        File.ReadLines(Golden.Path("sampling", "distributions.jsonl")).Select((line, index) => Parse(index + 1, line));

    private static GoldenDraw Parse(int number, string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var top = root.GetProperty("top_logprobs").EnumerateArray().Select(pair => new TokenLogprob(pair[0].GetInt32(), pair[1].GetDouble())).ToArray();
        return new GoldenDraw(
            number,
            [.. root.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())],
            new TokenDraw(Settings(root.GetProperty("settings")), Ids(root, "prompt_ids"), Ids(root, "output_ids"), 0, 0, 0, top.Length),
            root.GetProperty("probabilities").EnumerateObject().ToDictionary(item => int.Parse(item.Name), item => item.Value.GetDouble()),
            top);
    }

    private static SamplingSettings Settings(JsonElement json)
    {
        double Number(string key, double neutral) => json.TryGetProperty(key, out var value) ? value.GetDouble() : neutral;
        return new SamplingSettings
        {
            Temperature = Number("temperature", 1),
            TopP = Number("top_p", 1),
            TopK = (int)Number("top_k", 0),
            MinP = Number("min_p", 0),
            PresencePenalty = Number("presence_penalty", 0),
            FrequencyPenalty = Number("frequency_penalty", 0),
            RepetitionPenalty = Number("repetition_penalty", 1),
            LogitBias = json.TryGetProperty("logit_bias", out var bias)
                ? bias.EnumerateObject().ToDictionary(item => int.Parse(item.Name), item => item.Value.GetDouble())
                : null,
        };
    }

    private static int[] Ids(JsonElement root, string key) => [.. root.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
}
