using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Questions after one of a few long system messages, which a server may keep: the first most often, by Zipf's law.</summary>
internal sealed record PrefixPart : Part
{
    /// <summary>How many system messages there are.</summary>
    public int Prefixes { get; init; } = 8;

    public required LengthRange PrefixTokens { get; init; }

    public required LengthRange PromptTokens { get; init; }

    public required LengthRange AnswerTokens { get; init; }

    /// <summary>Zipf's exponent: 0 chooses all alike.</summary>
    public double Skew { get; init; } = 1;

    [JsonIgnore]
    public override string Kind => "prefix";

    public override string? Mistake() =>
        new LengthRange(Prefixes, Prefixes).Mistake("prefixes", 10_000)
        ?? PrefixTokens.Mistake("prefix_tokens")
        ?? PromptTokens.Mistake("prompt_tokens")
        ?? AnswerTokens.Mistake("answer_tokens")
        ?? (Skew is >= 0 and <= 10 ? null : FormattableString.Invariant($"skew: expected 0 to 10, found {Skew}"));

    public override Session Make(Draws draws, ulong seed)
    {
        var prefix = draws.Weighted([.. Enumerable.Range(1, Prefixes).Select(rank => Math.Pow(rank, -Skew))]);
        var shared = new Draws(seed, 3, (ulong)prefix);
        return new Session(
            Label, Words.Text(shared, PrefixTokens.Draw(shared)), [new Turn(Words.Text(draws, PromptTokens.Draw(draws)), AnswerTokens.Draw(draws))], Fields);
    }
}
