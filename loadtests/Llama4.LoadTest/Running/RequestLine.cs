using Llama4.LoadTest.Client;

namespace Llama4.LoadTest.Running;

/// <summary>One line of <c>requests.jsonl</c>; times in seconds of the run's clock.</summary>
internal sealed record RequestLine(
    long Id,
    string Part,
    int Turn,
    double Intended,
    double Sent,
    double? First,
    double End,
    Outcome Outcome,
    string? Detail,
    int? Status,
    string? Finish,
    int? PromptTokens,
    int? CachedTokens,
    int Tokens,
    double LongestGap,
    bool? IsRight)
{
    public static RequestLine Of(string part, int turn, double intended, Answer answer, bool? isRight) => new(
        answer.Id, part, turn, Round(intended), Round(answer.Sent), answer.First is { } first ? Round(first) : null, Round(answer.End), answer.Outcome, answer.Detail, answer.Status, answer.Finish,
        answer.Usage?.Prompt, answer.Usage?.Cached, answer.Tokens, Round(answer.LongestGap), isRight);

    private static double Round(double seconds) => Math.Round(seconds, 6);
}
