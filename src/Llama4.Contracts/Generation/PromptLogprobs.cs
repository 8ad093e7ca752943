namespace Llama4.Contracts;

/// <summary>What <see cref="GenerateRequest.PromptLogprobs"/> asks for, of consecutive tokens of the prompt.</summary>
/// <param name="First">Index of the first of them in the prompt; at least 1.</param>
/// <param name="Tokens">One for each.</param>
[GenerateSerializer, Immutable, Alias("llama4.PromptLogprobs")]
public sealed record PromptLogprobs([property: Id(0)] int First, [property: Id(1)] PromptLogprob[] Tokens)
{
    /// <summary>Index of the token behind the last of them.</summary>
    public int End => First + Tokens.Length;
}

/// <summary>A token of the prompt under the raw logits of the row before it.</summary>
/// <param name="Logprob">Natural.</param>
/// <param name="Rank">1 for the best of all ids; the lower id is the better one of two that are equal.</param>
/// <param name="Top">The best ids, best first.</param>
[GenerateSerializer, Immutable, Alias("llama4.PromptLogprob")]
public readonly record struct PromptLogprob([property: Id(0)] double Logprob, [property: Id(1)] int Rank, [property: Id(2)] TokenLogprob[] Top);
