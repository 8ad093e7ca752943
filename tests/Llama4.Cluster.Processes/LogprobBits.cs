using Llama4.Cluster.Tests;
using Llama4.Contracts;

namespace Llama4.Cluster.Processes;

/// <summary>
/// The prompts whose answers are compared over all spreads, and what is compared: the bits of the log-probabilities of the whole vocabulary after each token.
/// Each is its logit less one sum over all logits, so one bit of one logit shows.
/// </summary>
internal static class LogprobBits
{
    /// <summary>One token, a few, some KV blocks, and more than the attention chunk of 256.</summary>
    private static readonly int[] Lengths = [1, 7, 100, 300];

    /// <summary>[prompts][tokens × vocabulary], asked at once.</summary>
    public static Task<long[][]> AskAllAsync(IGenerationClient client, int tokensMax) =>
        Task.WhenAll(Lengths.Select(length => AskAsync(client, Prompt(length), tokensMax)));

    /// <summary>Both have the same bits; says the first place where they have not.</summary>
    public static void ShouldBeSame(long[][] found, long[][] expected, string where)
    {
        for (var prompt = 0; prompt < expected.Length; prompt++)
        {
            var same = found[prompt].AsSpan().CommonPrefixLength(expected[prompt]);
            if (same < expected[prompt].Length || found[prompt].Length != expected[prompt].Length)
            {
                throw new Xunit.Sdk.XunitException(
                    $"{where}: prompt of {Lengths[prompt]} tokens, answer token {same / ScoutNano.Vocabulary}, vocabulary id {same % ScoutNano.Vocabulary}: other bits");
            }
        }
    }

    private static int[] Prompt(int length) => [ScoutNano.Bos, .. Enumerable.Range(1, length - 1).Select(i => i * (631 + length) % ScoutNano.Bos)];

    private static async Task<long[]> AskAsync(IGenerationClient client, int[] prompt, int tokensMax)
    {
        var chunks = await client.AskAsync(Answers.Greedy(prompt, tokensMax) with { TopLogprobs = ScoutNano.Vocabulary });
        foreach (var chunk in chunks)
            chunk.Finish.ShouldNotBe(FinishReason.Error, chunk.Error);
        var bits = Answers.Bits(chunks.Where(chunk => chunk.TopLogprobs is { Length: > 0 }));
        bits.Length.ShouldBe(tokensMax * ScoutNano.Vocabulary);
        return bits;
    }
}
