using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Asking a cluster through its client, as a gateway does.</summary>
internal static class Answers
{
    /// <summary>Most time a test waits for one answer: far beyond what any takes, so that a hang fails and noise does not.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static GenerateRequest Greedy(int[] prompt, int tokensMax, params int[] stopIds) => new()
    {
        Id = Guid.NewGuid(),
        Prompt = prompt,
        TokensMax = tokensMax,
        Sampling = new SamplingSettings { Temperature = 0 },
        StopIds = stopIds,
    };

    /// <summary>A request that must be accepted. Asked again where the cluster has no answer at the moment, as it asks its clients to.</summary>
    public static async Task<IGeneration> AcceptedAsync(this IGenerationClient client, GenerateRequest request, CancellationToken cancellation)
    {
        while (true)
        {
            var (result, generation) = await client.SubmitAsync(request, cancellation);
            if (generation is not null)
                return generation;
            result.Status.ShouldBe(SubmitStatus.Unavailable, result.Message);
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>All chunks of one request, which must be accepted.</summary>
    public static async Task<List<TokenChunk>> AskAsync(this IGenerationClient client, GenerateRequest request)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var generation = await client.AcceptedAsync(request, limit.Token);
        return await generation.Chunks(limit.Token).ToListAsync(limit.Token);
    }

    /// <summary>All payloads that were taken since are given back: those of a question that went to two hosts are when both have answered.</summary>
    /// <param name="before"><see cref="PooledPayload.Outstanding"/>; hosts that other tests killed in this process took theirs with them.</param>
    public static async Task GivenBackAsync(int before)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (PooledPayload.Outstanding > before && !limit.IsCancellationRequested)
            await Task.Delay(20, CancellationToken.None);
        PooledPayload.Outstanding.ShouldBeLessThanOrEqualTo(before);
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
