using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>
/// Log-probabilities of a prompt are those of the logits that the model run by itself has at the row before each token, bit by bit, whatever is in the batch, however
/// the prompt is cut, cached or spread, and come to the client once each.
/// </summary>
[Collection(nameof(ManyHosts))]
public class PromptLogprobsTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;

    /// <summary>Crosses the attention chunk of 256 and several KV blocks.</summary>
    private static readonly int[] Prompt = Tokens(300, seed: 1);

    private static readonly Lazy<Task<List<(double Logprob, int Rank, TokenLogprob[] Top)>>> Direct = new(() => DirectAsync(Prompt));

    [Theory]
    [InlineData(64, 512)]
    [InlineData(64, 7)]
    [InlineData(1, 512)]
    [InlineData(5, 512)]
    public async Task Prompt_CutInAnyWay_HasTheBitsOfTheModelRunDirectly(int sequences, int rows)
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options(limits => limits with { SequencesMax = sequences, PrefillChunkMax = rows }));

        await CheckAsync(await cluster.Client.AskAsync(Request()));
    }

    [Fact]
    public async Task Prompt_InABatchOfOthers_HasTheSameBits()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options());
        var others = Enumerable.Range(1, 9)
            .Select(i => cluster.Client.TokensAsync(Answers.Greedy(Tokens(3 + (i * 37 % 400), seed: 100 + i), tokensMax: 8 + i) with { PromptLogprobs = i % 2 == 0 ? i : null }))
            .ToList();

        var (one, another) = (cluster.Client.AskAsync(Request()), cluster.Client.AskAsync(Request(tokensMax: 0)));

        await CheckAsync(await one);
        await CheckAsync(await another);
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task Prompt_ThatIsInTheCache_IsComputedAgainAndStaysThere()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options());
        var plain = Answers.Greedy(Prompt, 6);
        var answer = await cluster.Client.TokensAsync(plain);

        var chunks = await cluster.Client.AskAsync(Request(tokensMax: 6));
        await CheckAsync(chunks);
        chunks.Max(chunk => chunk.CachedTokens).ShouldBe(0);
        chunks.Where(chunk => chunk.Token is not null).Select(chunk => chunk.Token!.Value).ShouldBe(answer);
        (await cluster.Client.AskAsync(plain with { Id = Guid.NewGuid() }))[0].CachedTokens.ShouldBe(288);
    }

    /// <summary>Too few blocks for all: sequences are preempted, some in the middle of a prompt that they were asked about.</summary>
    [Fact]
    public async Task Prompts_WhenBlocksRunOut_HaveTheSameBits()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options() with { KvBytes = 1_000_000 });
        var others = Enumerable.Range(1, 8).Select(i => cluster.Client.TokensAsync(Answers.Greedy(Tokens(100, seed: 200 + i), tokensMax: 150))).ToList();

        var asked = Enumerable.Range(0, 4).Select(_ => cluster.Client.AskAsync(Request())).ToList();

        foreach (var chunks in asked)
            await CheckAsync(await chunks);
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task Draws_UnderSettingsOfAnyKind_LeaveThePromptsValuesAlone()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(Options());

        await CheckAsync(await cluster.Client.AskAsync(Request() with
        {
            Sampling = new SamplingSettings { Temperature = 1.7, TopK = 3, RepetitionPenalty = 1.3, PresencePenalty = 1, LogitBias = new() { [17] = 50 } },
            Constraint = new DecodingConstraint { Kind = ConstraintKind.Regex, Text = "[a-z]+" },
            StopIds = [ScoutNano.EndOfText],
            TokensMin = 1,
            Seed = 9,
        }));
    }

    [Fact]
    public async Task Prompt_OfAModelSpreadOverHosts_HasTheSameBits()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, Rest | HostRoles.Attention, HostRoles.Attention, HostRoles.Experts, HostRoles.Experts));

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => hosts.Client.AskAsync(Request(tokensMax: i))));

        foreach (var chunks in answers)
            await CheckAsync(chunks);
    }

    /// <summary>The tokens that stand for the picture are rated like any, those behind it with the picture seen.</summary>
    [Fact]
    public async Task Prompt_WithAPicture_HasTheSameBitsHoweverTheModelIsSpread()
    {
        await using var one = await EmbeddedCluster.StartAsync(Options(limits => limits with { PrefillChunkMax = 13 }));
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Attention | HostRoles.Engine, HostRoles.Experts));
        var (asked, other) = (PicturesTests.Ask(1) with { PromptLogprobs = 3 }, PicturesTests.Ask(2) with { PromptLogprobs = 3 });

        var expected = Values(await one.Client.AskAsync(asked));
        Values(await many.Client.AskAsync(asked)).ShouldBe(expected);
        var others = Values(await many.Client.AskAsync(other));

        expected.Count.ShouldBe(asked.Prompt.Length - 1);
        var first = asked.Images[0].Spans[0].Position;
        others[..first].ShouldBe(expected[..first], "tokens up to the first of the picture");
        others[(first + 1)..].ShouldNotBe(expected[(first + 1)..]);

        static List<(double, int)> Values(List<TokenChunk> chunks) => [.. Told(chunks).Select(token => (token.Logprob, token.Rank))];
    }

    [Fact]
    public async Task Engine_LostInMidPrompt_IsFollowedByOneThatGoesOnWhereTheClientIs()
    {
        var prompt = Tokens(1500, seed: 3);
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts, Rest | HostRoles.Attention, Rest | HostRoles.Attention));
        using var limit = new CancellationTokenSource(Answers.Limit);
        await using var generation = await hosts.Client.AcceptedAsync(Answers.Greedy(prompt, 2) with { PromptLogprobs = 2 }, limit.Token);
        var chunks = new List<TokenChunk>();
        await foreach (var chunk in generation.Chunks(limit.Token))
        {
            chunks.Add(chunk);
            if (chunks.Count == 1)
                await hosts.KillAsync(hosts.Plan.Replicas[0].Engine);
        }

        chunks[^1].Finish.ShouldBe(FinishReason.Length, chunks[^1].Error);
        chunks[0].Prompt!.End.ShouldBeLessThan(prompt.Length, "what was told before the loss");
        var direct = await DirectAsync(prompt);
        Told(chunks).Select(told => (told.Logprob, told.Rank)).ShouldBe(direct.Select(one => (one.Logprob, one.Rank)));
    }

    private static EmbeddedClusterOptions Options(Func<SchedulerLimits, SchedulerLimits>? limits = null) => new()
    {
        ModelDirectory = ScoutNano.Directory,
        Limits = context => (limits ?? (same => same))(new SchedulerLimits { ContextMax = context }),
    };

    private static GenerateRequest Request(int tokensMax = 1) => Answers.Greedy(Prompt, tokensMax) with { PromptLogprobs = ScoutNano.Vocabulary };

    private static async Task CheckAsync(List<TokenChunk> chunks)
    {
        chunks[^1].Finish.ShouldBeOneOf([FinishReason.Length, FinishReason.Stop], chunks[^1].Error);
        var told = Told(chunks);
        var direct = await Direct.Value;
        told.Count.ShouldBe(direct.Count);
        foreach (var (found, expected) in told.Zip(direct))
        {
            BitConverter.DoubleToInt64Bits(found.Logprob).ShouldBe(BitConverter.DoubleToInt64Bits(expected.Logprob));
            found.Rank.ShouldBe(expected.Rank);
            found.Top.AsSpan().SequenceEqual(expected.Top).ShouldBeTrue();
        }
    }

    /// <summary>What came, in order; nothing of it twice, and nothing behind a token of the answer.</summary>
    private static List<PromptLogprob> Told(List<TokenChunk> chunks)
    {
        var told = new List<PromptLogprob>();
        foreach (var chunk in chunks)
        {
            if (chunk.Prompt is not { } prompt)
                continue;
            prompt.First.ShouldBe(1 + told.Count);
            told.AddRange(prompt.Tokens);
        }
        chunks.SkipWhile(chunk => chunk.Token is null).Skip(1).ShouldAllBe(chunk => chunk.Prompt == null);
        return told;
    }

    /// <summary>Without engine, sampler and vocabulary grain: the log-softmax of the logits of every row but the last.</summary>
    private static async Task<List<(double Logprob, int Rank, TokenLogprob[] Top)>> DirectAsync(int[] prompt)
    {
        using var checkpoint = Checkpoint.Open(ScoutNano.Directory);
        await using var device = CpuDevice.Create(1);
        using var model = await DirectModel.LoadAsync(checkpoint, device, ComputeMode.Bf16, sequences: 1, positionsMax: prompt.Length);
        var expected = new List<(double, int, TokenLogprob[])>();
        foreach (var step in model.Steps.Prefill(0, 0, prompt, 128, LogitRows.All))
        {
            using var logits = model.Run(step)!;
            var bytes = new byte[logits.Bytes];
            await device.DownloadAsync(logits, bytes);
            for (var row = 0; row < step.Rows && expected.Count < prompt.Length - 1; row++)
                expected.Add(Of(MemoryMarshal.Cast<byte, float>(bytes).Slice(row * logits.Width, logits.Width), prompt[expected.Count + 1]));
        }
        return expected;
    }

    private static (double Logprob, int Rank, TokenLogprob[] Top) Of(ReadOnlySpan<float> logits, int token)
    {
        var values = logits.ToArray();
        TokenLogprob[] top = [.. Sampler.Distribution(logits, new TokenDraw(new SamplingSettings { Temperature = 0 }, default, default, 0, 0, 0, logits.Length)).Top];
        var logprob = top.Single(one => one.Id == token).Logprob;
        logprob.ShouldBe(values[token] - Math.Log(values.Sum(logit => Math.Exp(logit))), 1e-9);
        return (logprob, 1 + Array.FindIndex(top, one => one.Id == token), top);
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [ScoutNano.Bos, .. Enumerable.Range(1, count - 1).Select(_ => random.Next(ScoutNano.Bos))];
    }
}
