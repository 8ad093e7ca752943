using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Asking a cluster through its client, as a gateway does.</summary>
internal static class Answers
{
    /// <summary>Most time a test waits for one answer: far beyond what any takes, so that a hang fails and noise does not.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static GenerateRequest Greedy(int[] prompt, int tokensMax, params int[] stopIds) => new()
    {
        Id = Guid.NewGuid(),
        Prompt = prompt,
        TokensMax = tokensMax,
        Sampling = new SamplingSettings { Temperature = 0 },
        StopIds = stopIds,
    };

    /// <summary>All chunks of one request, which must be accepted.</summary>
    public static async Task<List<TokenChunk>> AskAsync(this IGenerationClient client, GenerateRequest request)
    {
        using var limit = new CancellationTokenSource(Limit);
        var (result, generation) = await client.SubmitAsync(request, limit.Token);
        result.Status.ShouldBe(SubmitStatus.Accepted, result.Message);
        await using var _ = generation;
        return await generation!.Chunks(limit.Token).ToListAsync(limit.Token);
    }

    /// <summary>The bits of the log-probabilities that were told, token by token, in the order of ids.</summary>
    public static long[] Bits(IEnumerable<TokenChunk> chunks) =>
        [.. chunks.SelectMany(chunk => chunk.TopLogprobs!.OrderBy(top => top.Id).Select(top => BitConverter.DoubleToInt64Bits(top.Logprob)))];

    /// <summary>The tokens of an answer, which must not end with an error.</summary>
    public static async Task<int[]> TokensAsync(this IGenerationClient client, GenerateRequest request)
    {
        var chunks = await client.AskAsync(request);
        chunks[^1].Finish.ShouldBeOneOf([FinishReason.Stop, FinishReason.Length], chunks[^1].Error);
        return [.. chunks.Where(chunk => chunk.Token is not null).Select(chunk => chunk.Token!.Value)];
    }
}
