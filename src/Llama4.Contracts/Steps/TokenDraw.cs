namespace Llama4.Contracts;

/// <summary>How one token is drawn: everything the sampler needs, so that the vocabulary keeps no state of a sequence.</summary>
/// <param name="Settings">Temperature, penalties and cuts.</param>
/// <param name="Prompt">The last prompt ids, as many as <see cref="SamplingSettings.LookBack"/> goes back before the answer; empty for none.</param>
/// <param name="Output">Ids drawn so far: all of them for a constraint, else the last, as many as penalties and bad sequences look at.</param>
/// <param name="Seed">Seed of the noise.</param>
/// <param name="Choice">Which of the request's n choices.</param>
/// <param name="Position">Position of the token to draw: the noise is a function of (seed, choice, position).</param>
/// <param name="TopLogprobs">How many best log-probabilities to report; null for none at all.</param>
/// <param name="Constraint">What the answer must look like; null for anything.</param>
[GenerateSerializer, Immutable, Alias("llama4.TokenDraw")]
public readonly record struct TokenDraw(
    [property: Id(0)] SamplingSettings Settings,
    [property: Id(1)] ReadOnlyMemory<int> Prompt,
    [property: Id(2)] ReadOnlyMemory<int> Output,
    [property: Id(3)] ulong Seed,
    [property: Id(4)] int Choice,
    [property: Id(5)] int Position,
    [property: Id(6)] int? TopLogprobs,
    [property: Id(7)] DrawConstraint? Constraint = null)
{
    /// <summary>The path of the row is asked for.</summary>
    [Id(12)]
    public bool Trace { get; init; }

    /// <summary>The step in its request's trace: that of one of <see cref="StepPlan.Spans"/>; null where the request has none.</summary>
    [Id(13)]
    public SpanParent? Span { get; init; }

    /// <summary>The token is followed in full depth: each layer of its row is a span.</summary>
    [Id(14)]
    public bool IsDeep { get; init; }

    /// <summary>Ids that are drawn only where there is no other; null for none.</summary>
    [Id(15)]
    public int[]? Deferred { get; init; }

    /// <summary>The token that comes next whatever the logits say: nothing is drawn, only its log-probability, rank and the best ones are reported. Null for a draw.</summary>
    [Id(16)]
    public int? Forced { get; init; }

    /// <summary>Whether bias and penalties being neutral, the greatest logit may still not be what is drawn.</summary>
    public bool IsRestricted => Deferred is { Length: > 0 } || Settings.IsRestricted;
}

/// <param name="Id">The token; −1 where none could be drawn.</param>
/// <param name="Logprob">Its log-probability under the raw logits; null unless asked for.</param>
/// <param name="Top">The best ones; null unless asked for.</param>
/// <param name="Error">Why none could be drawn; null where one was.</param>
[GenerateSerializer, Immutable, Alias("llama4.DrawnToken")]
public readonly record struct DrawnToken(
    [property: Id(0)] int Id,
    [property: Id(1)] double? Logprob,
    [property: Id(2)] TokenLogprob[]? Top,
    [property: Id(3)] string? Error = null)
{
    /// <summary>The layers of the stages that the step has come back through; null unless asked for.</summary>
    [Id(12)]
    public TokenHop[]? Path { get; init; }

    /// <summary>Set by the engine, of a token that is followed in full depth: <see cref="TokenChunk.Span"/>.</summary>
    [Id(13)]
    public SpanParent? Span { get; init; }

    /// <summary>Of a token that was forced: 1 for the best of all ids, as <see cref="PromptLogprob.Rank"/>; else null.</summary>
    [Id(14)]
    public int? Rank { get; init; }

    /// <summary>With <see cref="Error"/>: <see cref="TokenChunk.IsOfRequest"/>.</summary>
    [Id(15)]
    public bool IsOfRequest { get; init; }
}

/// <summary>A call made for another plan than the one its target serves: the sender must ask for the new plan.</summary>
[GenerateSerializer, Alias("llama4.StaleEpochException")]
public sealed class StaleEpochException(string target, long expected, long found)
    : Exception($"{target} serves plan epoch {expected}, the call was made for epoch {found}");
