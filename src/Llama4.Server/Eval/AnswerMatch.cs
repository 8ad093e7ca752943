using System.Text.Json;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Eval;

/// <summary>Whether an answer is right: the rules of scout-nano's README, "Evaluation files".</summary>
internal static class AnswerMatch
{
    public const string Exact = "exact";
    public const string Contains = "contains";
    public const string Json = "json";

    public const string ToolCall = "toolcall";

    public static IReadOnlyList<string> Rules { get; } = [Exact, Contains, Json, ToolCall];

    /// <summary>
    /// <c>exact</c>: equal once both are trimmed; <c>contains</c>: the expected text, with its blanks, occurs; <c>json</c>: both
    /// parse, to equal values.
    /// </summary>
    public static bool IsRight(string rule, string expected, string answer) => rule switch
    {
        Exact => answer.Trim() == expected.Trim(),
        Contains => answer.Contains(expected, StringComparison.Ordinal),
        Json => SameJson(expected, answer),
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no rule to judge a text by"),
    };

    /// <summary><c>toolcall</c>: the calls, in order, are those of the expected list of <c>{"name","arguments"}</c>.</summary>
    public static bool AreRight(string expected, IReadOnlyList<ParsedToolCall> calls)
    {
        using var wanted = JsonDocument.Parse(expected);
        return wanted.RootElement.GetArrayLength() == calls.Count && wanted.RootElement.EnumerateArray().Zip(calls).All(pair =>
            pair.First.GetProperty("name").GetString() == pair.Second.Name && SameJson(pair.First.GetProperty("arguments").GetRawText(), pair.Second.Arguments));
    }

    private static bool SameJson(string expected, string answer)
    {
        using var wanted = JsonDocument.Parse(expected);
        try
        {
            using var given = JsonDocument.Parse(answer);
            return JsonElement.DeepEquals(wanted.RootElement, given.RootElement);
        }
        catch (JsonException)
        {
            return false; // not JSON at all is a wrong answer
        }
    }
}
