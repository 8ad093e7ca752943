using Llama4.Contracts;

namespace Llama4.Cluster.Processes;

/// <summary>
/// The prompts whose answers are compared over all spreads, and what is compared: the bits of the log-probabilities of the whole vocabulary after each token.
/// Each is its logit less one sum over all logits, so one bit of one logit shows.
/// </summary>
internal static class LogprobBits
{
    /// <summary>Of scout-nano.</summary>
    public const int Vocabulary = 2048;

    private const int Bos = 1952;

    /// <summary>Most time for one answer: far beyond what any takes, so that a hang fails and noise does not.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

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
                    $"{where}: prompt of {Lengths[prompt]} tokens, answer token {same / Vocabulary}, vocabulary id {same % Vocabulary}: other bits");
            }
        }
    }

    private static int[] Prompt(int length) => [Bos, .. Enumerable.Range(1, length - 1).Select(i => i * (631 + length) % Bos)];

    private static async Task<long[]> AskAsync(IGenerationClient client, int[] prompt, int tokensMax)
    {
        using var limit = new CancellationTokenSource(Limit);
        var (result, generation) = await client.SubmitAsync(
            new GenerateRequest
            {
                Id = Guid.NewGuid(),
                Prompt = prompt,
                TokensMax = tokensMax,
                Sampling = new SamplingSettings { Temperature = 0 },
                TopLogprobs = Vocabulary,
            },
            limit.Token);
        result.Status.ShouldBe(SubmitStatus.Accepted, result.Message);
        await using var _ = generation;
        var bits = new List<long>(tokensMax * Vocabulary);
        await foreach (var chunk in generation!.Chunks(limit.Token))
        {
            chunk.Finish.ShouldNotBe(FinishReason.Error, chunk.Error);
            if (chunk.TopLogprobs is { Length: > 0 } top)
                bits.AddRange(top.OrderBy(one => one.Id).Select(one => BitConverter.DoubleToInt64Bits(one.Logprob)));
        }
        bits.Count.ShouldBe(tokensMax * Vocabulary);
        return [.. bits];
    }
}
