using System.Collections.Concurrent;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests;

/// <summary>The whole cluster against the reference implementation: scout-nano's greedy continuations, many at a time.</summary>
public class GreedyContinuationTests
{
    private const int TokensMax = 64;
    private static readonly int[] StopIds = [ScoutNano.EndOfText, ScoutNano.EndOfMessage, ScoutNano.EndOfTurn];

    /// <summary>Rounding to bf16 may turn a choice between two logits that lie nearer than this.</summary>
    private const double Bf16Margin = 0.05;

    [Fact]
    public async Task Greedy_InFp32_EqualsTheReferenceTokenByToken()
    {
        await using var cluster = await StartAsync(ComputeMode.Fp32);

        var answers = await AskAllAsync(cluster, topLogprobs: null);

        foreach (var continuation in ScoutNano.Continuations)
            TokensOf(answers[continuation.Id]).ShouldBe(continuation.Completion, continuation.Id);
    }

    [Fact]
    public async Task Greedy_InBf16_EqualsTheReferenceUpToTheFirstNearTie()
    {
        Dictionary<string, int> decided;
        await using (var fp32 = await StartAsync(ComputeMode.Fp32))
        {
            decided = (await AskAllAsync(fp32, topLogprobs: 2)).ToDictionary(answer => answer.Key, answer => answer.Value.TakeWhile(IsDecided).Count());
        }
        decided.Values.Sum().ShouldBeGreaterThan(ScoutNano.Continuations.Sum(c => c.Completion.Length) / 2, "most steps must be compared");
        await using var cluster = await StartAsync(ComputeMode.Bf16);

        var answers = await AskAllAsync(cluster, topLogprobs: null);

        foreach (var continuation in ScoutNano.Continuations)
        {
            var steps = decided[continuation.Id];
            TokensOf(answers[continuation.Id]).Take(steps).ShouldBe(continuation.Completion.Take(steps), continuation.Id);
        }
    }

    private static bool IsDecided(TokenChunk chunk) => chunk.TopLogprobs![0].Logprob - chunk.TopLogprobs[1].Logprob >= Bf16Margin;

    private static Task<EmbeddedCluster> StartAsync(ComputeMode mode) =>
        EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Mode = mode });

    private static async Task<ConcurrentDictionary<string, List<TokenChunk>>> AskAllAsync(EmbeddedCluster cluster, int? topLogprobs)
    {
        var answers = new ConcurrentDictionary<string, List<TokenChunk>>();
        await Parallel.ForEachAsync(
            ScoutNano.Continuations,
            new ParallelOptions { MaxDegreeOfParallelism = 24 },
            async (continuation, _) => answers[continuation.Id] = await cluster.Client.AskAsync(
                Answers.Greedy(continuation.Prompt, TokensMax, StopIds) with { TopLogprobs = topLogprobs }));
        return answers;
    }

    private static IEnumerable<int> TokensOf(IEnumerable<TokenChunk> chunks) =>
        chunks.Where(chunk => chunk.Token is not null).Select(chunk => chunk.Token!.Value);
}
