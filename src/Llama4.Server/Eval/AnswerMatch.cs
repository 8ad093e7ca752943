using System.Text.Json;

namespace Llama4.Server.Eval;

/// <summary>Whether an answer is right: the rules of scout-nano's README, "Evaluation files".</summary>
internal static class AnswerMatch
{
    public const string Exact = "exact";
    public const string Contains = "contains";
    public const string Json = "json";

    /// <summary>Needs tools; such questions are not asked yet.</summary>
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
