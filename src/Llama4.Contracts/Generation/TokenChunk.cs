namespace Llama4.Contracts;

/// <summary>Why an answer ended.</summary>
public enum FinishReason : byte
{
    /// <summary>A stop id was generated (or, at the gateway, a stop string).</summary>
    Stop,

    /// <summary>TokensMax or the context was reached.</summary>
    Length,

    /// <summary>The client went away or asked for it.</summary>
    Cancelled,

    /// <summary>The cluster could not go on; see <see cref="TokenChunk.Error"/>.</summary>
    Error,
}

/// <summary>One id with its natural log-probability under the raw logits.</summary>
[GenerateSerializer, Immutable, Alias("llama4.TokenLogprob")]
public readonly record struct TokenLogprob([property: Id(0)] int Id, [property: Id(1)] double Logprob);

/// <summary>
/// The next token of one answer, or its end, or both; before them what is asked about its prompt. Chunks of a request arrive in order; exactly one has
/// <see cref="Finish"/> set and it is the last.
/// </summary>
[GenerateSerializer, Immutable, Alias("llama4.TokenChunk")]
public sealed record TokenChunk
{
    [Id(0)] public required Guid Request { get; init; }

    /// <summary>0-based index of the token in the answer.</summary>
    [Id(1)] public int Index { get; init; }

    /// <summary>The token, or null in a chunk that only ends the answer.</summary>
    [Id(2)] public int? Token { get; init; }

    [Id(3)] public double? Logprob { get; init; }

    /// <summary>Best first; null unless asked for.</summary>
    [Id(4)] public TokenLogprob[]? TopLogprobs { get; init; }

    [Id(5)] public FinishReason? Finish { get; init; }

    /// <summary>Prompt tokens whose keys and values came from the prefix cache; set in the first chunk.</summary>
    [Id(6)] public int CachedTokens { get; init; }

    /// <summary>For people; only with <see cref="FinishReason.Error"/>.</summary>
    [Id(7)] public string? Error { get; init; }

    /// <summary>With <see cref="Error"/>: what the request itself forbids leaves no token, here as anywhere.</summary>
    [Id(15)] public bool IsOfRequest { get; init; }

    /// <summary>[layers] the way of the row that the token was drawn from; null unless asked for.</summary>
    [Id(12)] public TokenHop[]? Path { get; init; }

    /// <summary>The step that the token came from, of a token that is followed in full depth; else null.</summary>
    [Id(13)] public SpanParent? Span { get; init; }

    /// <summary>Log-probabilities of the prompt's next tokens, which come before the answer's first; null for none.</summary>
    [Id(14)] public PromptLogprobs? Prompt { get; init; }
}
