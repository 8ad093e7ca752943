using Llama4.Compute;
using Llama4.Compute.Testing;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests.Traces;

/// <summary>The paths that tokens come with are those that their rows took, and asking for them changes nothing.</summary>
[Collection(nameof(ManyHosts))]
public class TokenPathTests
{
    private const HostRoles Front = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway | HostRoles.Attention;
    private const int TokensMax = 12;

    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(1, 40).Select(i => i * 631 % ScoutNano.Bos)];

    private static readonly Lazy<Task<List<TokenChunk>>> OneProcess = new(OneProcessAsync);

    /// <summary>The reference implementation's choices, on layers with experts and without; on a device that does everything late.</summary>
    [Theory]
    [InlineData("01-scout")]
    [InlineData("02-maverick")]
    public async Task Path_OfAGoldenCase_HasTheReferencesExperts(string name)
    {
        using var expected = SafetensorsFile.Open(Golden.Path(name, "expected.safetensors"));
        int[] Ids(string tensor) => Array.ConvertAll(expected.Tensors[tensor].Read<long>(0, (int)expected.Tensors[tensor].Elements), id => (int)id);
        var (prompt, continuation) = (Ids("input_ids"), Ids("greedy_ids"));
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            ModelDirectory = Golden.Path(name), Mode = ComputeMode.Fp32, Device = () => new LateDevice(CpuDevice.Create(2)),
        });

        var chunks = await cluster.Client.AskAsync(Answers.Greedy(prompt, continuation.Length) with { Trace = true });

        Tokens(chunks).ShouldBe(continuation);
        foreach (var layer in cluster.Config.Layers)
        {
            var hops = chunks.Select(chunk => chunk.Path![layer.Index]).ToArray();
            hops.ShouldAllBe(hop => hop.Layer == layer.Index && hop.Host == new HostId("host-0"));
            hops.Select(hop => hop.Expert is null).ShouldAllBe(isDense => isDense != layer.IsMoe);
            // A token's path is that of the row it was drawn from: the prompt's last, then those of the tokens before.
            if (layer.IsMoe)
                hops.Select(hop => hop.Expert!.Best[0].Expert).ShouldBe([Ids($"layers.{layer.Index}.expert")[^1], .. Ids($"greedy.layers.{layer.Index}.expert")[..^1]]);
        }
    }

    [Fact]
    public async Task Path_OfOneProcess_TellsScoresAndTimes()
    {
        var chunks = await OneProcess.Value;

        chunks.ShouldAllBe(chunk => chunk.Token != null && chunk.Path!.Length == 8);
        chunks.Sum(chunk => chunk.Path!.Sum(hop => hop.AttentionUs)).ShouldBeGreaterThan(0);
        foreach (var expert in chunks.SelectMany(chunk => chunk.Path!).Select(hop => hop.Expert).OfType<ExpertHop>())
        {
            (expert.Host, expert.WireUs).ShouldBe((new HostId("host-0"), 0));
            expert.Best.Length.ShouldBe(4);
            expert.Best.Select(choice => choice.Expert).Distinct().Count().ShouldBe(4);
            expert.Best.Select(choice => choice.Score).ShouldBeInOrder(SortDirection.Descending);
            expert.Best.ShouldAllBe(choice => choice.Score > 0 && choice.Score < 1 && choice.Probability > 0 && choice.Probability < 1);
            expert.Best.Sum(choice => choice.Probability).ShouldBeLessThanOrEqualTo(1 + 1e-9);
        }
    }

    [Fact]
    public async Task Path_OfManyHosts_IsThatOfOneProcessOverThePlansHosts()
    {
        var options = new ManyHostsOptions(ScoutNano.Directory, Front, HostRoles.Attention | HostRoles.Experts, HostRoles.Experts);
        await using var hosts = await ManyHosts.StartAsync(options with { Bytes = options.LeastBytes() });
        var (plan, chunks) = await hosts.UndisturbedAsync(() => hosts.Client.AskAsync(Request()));

        plan.Replicas[0].Stages.Length.ShouldBe(2);
        var expected = await OneProcess.Value;
        Tokens(chunks).ShouldBe(Tokens(expected));
        chunks.Select(chunk => Choices(chunk.Path!)).ShouldBe(expected.Select(chunk => Choices(chunk.Path!)));
        foreach (var hop in chunks.SelectMany(chunk => chunk.Path!))
        {
            hop.Host.ShouldBe(plan.Replicas[0].StageOf(hop.Layer).Host);
            if (hop.Expert is not { } expert)
                continue;
            var group = plan.Layers[hop.Layer].ExpertGroups.Single(group => expert.Best[0].Expert - group.First is var at && at >= 0 && at < group.Count);
            expert.Host.ShouldBe(group.Host);
            (expert.WireUs == 0).ShouldBe(group.Host == hop.Host, "a call to another host takes time");
        }
    }

    [Fact]
    public async Task Tokens_InABatchOfTracedAndOthers_AreThoseOfTheUntraced()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        GenerateRequest Of(int i, bool trace) => Request() with
        {
            Prompt = [.. Prompt[..^i]], Sampling = new SamplingSettings { Temperature = i % 2 }, Seed = (ulong)i, TopLogprobs = ScoutNano.Vocabulary, Trace = trace,
        };
        var expected = new List<List<TokenChunk>>();
        for (var i = 0; i < 6; i++)
            expected.Add(await cluster.Client.AskAsync(Of(i, trace: false)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => cluster.Client.AskAsync(Of(i, trace: i % 3 != 2))));

        for (var i = 0; i < 6; i++)
        {
            Answers.Bits(answers[i]).ShouldBe(Answers.Bits(expected[i]));
            answers[i].ShouldAllBe(chunk => (chunk.Path != null) == (i % 3 != 2));
            expected[i].ShouldAllBe(chunk => chunk.Path == null);
        }
    }

    /// <summary>As a gateway asks after a failover.</summary>
    [Fact]
    public async Task Path_OfARequestThatGoesOn_IsThatOfTheUndisturbed()
    {
        var expected = await OneProcess.Value;
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

        var rest = await cluster.Client.AskAsync(Request() with { Emitted = Tokens(expected)[..5] });

        rest.Select(chunk => Choices(chunk.Path!)).ShouldBe(expected.Skip(5).Select(chunk => Choices(chunk.Path!)));
    }

    /// <summary>The host of the attention is lost: what was computed is computed again elsewhere, and the paths that follow say so.</summary>
    [Fact]
    public async Task Paths_OverALostHost_GoOn()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway | HostRoles.Experts, HostRoles.Attention, HostRoles.Attention));
        var request = Answers.Greedy(Prompt, 600) with { Trace = true };
        var undisturbed = await hosts.Client.AskAsync(request with { Id = Guid.NewGuid() });
        var lost = hosts.Plan.Replicas[0].Stages[^1].Host;

        var answer = hosts.Client.AskAsync(request);
        await hosts.KillAsync(lost);
        var disturbed = await answer;

        disturbed.Select(chunk => Choices(chunk.Path!)).ShouldBe(undisturbed.Select(chunk => Choices(chunk.Path!)));
        await hosts.PlanAsync(plan => !plan.Hosts.Contains(lost));
        var after = await hosts.Client.AskAsync(request with { Id = Guid.NewGuid(), TokensMax = 1 });
        after[^1].Path!.ShouldAllBe(hop => hop.Host != lost);
    }

    [Fact]
    public async Task Path_PastTheMostTokens_IsNotTold()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

        var rest = await cluster.Client.AskAsync(Answers.Greedy([ScoutNano.Bos], GenerateRequest.TracedTokensMax + 2) with
        {
            Trace = true, Emitted = [.. Enumerable.Repeat(17, GenerateRequest.TracedTokensMax - 2)],
        });

        rest.Select(chunk => chunk.Path is not null).ShouldBe([true, true, false, false]);
    }

    private static GenerateRequest Request() => Answers.Greedy(Prompt, TokensMax) with { Trace = true };

    private static async Task<List<TokenChunk>> OneProcessAsync()
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        return await one.Client.AskAsync(Request());
    }

    private static int[] Tokens(IEnumerable<TokenChunk> chunks) => [.. chunks.Select(chunk => chunk.Token!.Value)];

    /// <summary>What does not depend on hosts and their speed: experts, scores and probabilities, to the bit.</summary>
    private static string Choices(TokenHop[] path) => string.Join("; ", path.Select(hop =>
        $"{hop.Layer}: {string.Join(", ", (hop.Expert?.Best ?? []).Select(choice => $"{choice.Expert} {choice.Score:R} {choice.Probability:R}"))}"));
}
