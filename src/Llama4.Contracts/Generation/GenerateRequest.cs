namespace Llama4.Contracts;

/// <summary>
/// One answer to generate. It holds all that is needed to start again elsewhere: a gateway that resubmits it with
/// the tokens it has already seen in <see cref="Emitted"/> gets the rest of the same answer.
/// </summary>
[GenerateSerializer, Immutable, Alias("llama4.GenerateRequest")]
public sealed record GenerateRequest
{
    /// <summary>Unique among all requests; made by the gateway.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>Token ids of the prompt, BOS included; at least one.</summary>
    [Id(1)] public required int[] Prompt { get; init; }

    /// <summary>Tokens of the answer that were already emitted; generation continues after them.</summary>
    [Id(2)] public int[] Emitted { get; init; } = [];

    /// <summary>Most tokens of the whole answer, <see cref="Emitted"/> included; 0 for none, where only the prompt is asked about.</summary>
    [Id(3)] public required int TokensMax { get; init; }

    [Id(4)] public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Ids that end the answer; the id itself is emitted.</summary>
    [Id(5)] public int[] StopIds { get; init; } = [];

    /// <summary>Seed of the sampling noise.</summary>
    [Id(6)] public ulong Seed { get; init; }

    /// <summary>Which of the request's n choices this is: 0-based, part of the noise's counter.</summary>
    [Id(7)] public int Choice { get; init; }

    /// <summary>How many best log-probabilities to report for each token; null for none at all, 0 for the chosen token's only.</summary>
    [Id(8)] public int? TopLogprobs { get; init; }

    /// <summary>Who asks (API key or address): the queue is fair between callers.</summary>
    [Id(9)] public string Caller { get; init; } = "";

    /// <summary>Pictures in the prompt, in its order. The tokens at their positions stand for the rows that the vision tower makes of them.</summary>
    [Id(10)] public RequestImage[] Images { get; init; } = [];

    /// <summary>What the answer must look like; null for anything. <see cref="Emitted"/> must be the beginning of such an answer.</summary>
    [Id(11)] public DecodingConstraint? Constraint { get; init; }

    /// <summary>Most tokens of an answer that are given with their paths: some 7 KB each for 48 layers.</summary>
    public const int TracedTokensMax = 1024;

    /// <summary>The answer's first <see cref="TracedTokensMax"/> tokens come with the paths they took.</summary>
    [Id(15)] public bool Trace { get; init; }

    /// <summary>What the request's spans are below; null for one that is not sampled.</summary>
    [Id(16)] public SpanParent? Span { get; init; }

    /// <summary>No stop id is drawn as one of the answer's first so many tokens, as long as there is any other id to draw: a constraint that must end goes before.</summary>
    [Id(17)] public int TokensMin { get; init; }

    /// <summary>Keys and values are shared in the prefix cache with requests of the same salt only; empty like any other.</summary>
    [Id(18)] public string CacheSalt { get; init; } = "";

    /// <summary>
    /// How many best log-probabilities to report for each token of the prompt, beside its own; null for none at all. The first has none: nothing is before it. They come
    /// before the answer's first token, in <see cref="TokenChunk.Prompt"/>.
    /// </summary>
    [Id(19)] public int? PromptLogprobs { get; init; }

    /// <summary>Tokens of the prompt, from its beginning, whose log-probabilities were reported already: the others follow. The first counts as reported.</summary>
    [Id(20)] public int PromptReported { get; init; }
}
