using Llama4.Compute;
using Llama4.Compute.Testing;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>
/// A request's bits do not depend on what else is in the batch, on how its prompt was cut, on the prefix cache, on how the experts
/// are grouped, or on threads. Compared are the log-probabilities of the whole vocabulary, bit by bit, after each of some tokens: each
/// is its logit less one sum over all logits.
/// </summary>
public class SameBitsTests
{
    private const int TokensMax = 6;

    /// <summary>Crosses the attention chunk of 256 and several KV blocks.</summary>
    private static readonly int[] Prompt = Tokens(300, seed: 1);

    private static readonly Lazy<Task<long[]>> Alone = new(() => BitsAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Threads = 1, ExpertGroups = 1 }));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Prefill_InChunks_GivesTheSameBits(int rows) =>
        (await BitsAsync(Options(limits => limits with { PrefillChunkMax = rows }))).ShouldBe(await Alone.Value);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Experts_InGroups_GiveTheSameBits(int groups) =>
        (await BitsAsync(Options() with { ExpertGroups = groups })).ShouldBe(await Alone.Value);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Threads_InAnyNumber_GiveTheSameBits(int threads) =>
        (await BitsAsync(Options() with { Threads = threads })).ShouldBe(await Alone.Value);

    [Fact]
    public async Task Device_ThatRunsLate_GivesTheSameBits() =>
        (await BitsAsync(Options() with { Device = () => new LateDevice(CpuDevice.Create(2)) })).ShouldBe(await Alone.Value);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(17)]
    [InlineData(64)]
    public async Task Batch_OfOthers_GivesTheSameBits(int sequences)
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options());
        var others = Enumerable.Range(1, sequences - 1)
            .Select(i => cluster.Client.TokensAsync(Answers.Greedy(Tokens(3 + (i * 37 % 400), seed: 100 + i), tokensMax: 8 + i)))
            .ToList();

        var bits = await BitsAsync(cluster);

        await Task.WhenAll(others);
        bits.ShouldBe(await Alone.Value);
    }

    /// <summary>Once as it is, once with its first blocks in the cache, and once whole in the cache but its last token's block.</summary>
    [Fact]
    public async Task PrefixCache_HitOrNot_GivesTheSameBits()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options());
        await cluster.Client.TokensAsync(Answers.Greedy([.. Prompt[..150], .. Tokens(40, seed: 2)], TokensMax));

        var partly = await cluster.Client.AskAsync(Request());
        var wholly = await cluster.Client.AskAsync(Request());

        partly[0].CachedTokens.ShouldBe(128, "blocks of 32 below 150");
        wholly[0].CachedTokens.ShouldBe(288, "blocks of 32 below 300");
        Bits(partly).ShouldBe(await Alone.Value);
        Bits(wholly).ShouldBe(await Alone.Value);
    }

    /// <summary>Too few blocks for all: sequences are preempted, and computed again from their tokens.</summary>
    [Fact]
    public async Task Preemption_WhenBlocksRunOut_GivesTheSameBits()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options() with { KvBytes = 1_000_000 });
        var others = Enumerable.Range(1, 12)
            .Select(i => cluster.Client.TokensAsync(Answers.Greedy(Tokens(100, seed: 200 + i), tokensMax: 150)))
            .ToList();

        var bits = await BitsAsync(cluster);

        await Task.WhenAll(others);
        bits.ShouldBe(await Alone.Value);
    }

    private static EmbeddedClusterOptions Options(Func<SchedulerLimits, SchedulerLimits>? limits = null) => new()
    {
        ModelDirectory = ScoutNano.Directory,
        Limits = context => (limits ?? (same => same))(new SchedulerLimits { ContextMax = context }),
    };

    private static GenerateRequest Request() => Answers.Greedy(Prompt, TokensMax) with { TopLogprobs = ScoutNano.Vocabulary };

    private static async Task<long[]> BitsAsync(EmbeddedClusterOptions options)
    {
        await using var cluster = await EmbeddedCluster.StartAsync(options);
        return await BitsAsync(cluster);
    }

    private static async Task<long[]> BitsAsync(EmbeddedCluster cluster) => Bits(await cluster.Client.AskAsync(Request()));

    private static long[] Bits(List<TokenChunk> chunks)
    {
        var bits = Answers.Bits(chunks);
        bits.Length.ShouldBe(TokensMax * ScoutNano.Vocabulary);
        return bits;
    }

    /// <summary>BOS and ordinary tokens.</summary>
    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [ScoutNano.Bos, .. Enumerable.Range(1, count - 1).Select(_ => random.Next(ScoutNano.Bos))];
    }
}
