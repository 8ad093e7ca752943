using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>
/// The bits of the whole vocabulary's log-probabilities, of one process and of many hosts: 1, 2 and 4 stages, 1 and 2 replicas, 1, 2, 4 and 16 groups of
/// experts, up to 8 hosts. The plan is looked at, so that it is these that were compared.
/// </summary>
[Collection(nameof(ManyHosts))]
public class SpreadBitsTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;
    private const HostRoles Front = Rest | HostRoles.Attention;
    private const int TokensMax = 6;

    /// <summary>Crosses the attention chunk of 256 and several KV blocks.</summary>
    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(1, 299).Select(i => i * 631 % ScoutNano.Bos)];

    private static readonly Lazy<Task<long[]>> OneProcess = new(OneProcessAsync);

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 2, 1, 16)]
    [InlineData(4, 4, 1, 4)]
    [InlineData(2, 2, 2, 2)]
    [InlineData(4, 2, 2, 4)]
    public async Task Answer_OfStagesReplicasAndGroups_HasTheBitsOfOneProcess(int attention, int stages, int replicas, int groups)
    {
        await using var hosts = await ManyHosts.StartAsync(Options(attention, replicas, groups));
        hosts.Plan.Replicas.Select(replica => replica.Stages.Length).ShouldBe(Enumerable.Repeat(stages, replicas));
        hosts.Plan.Layers.ShouldAllBe(layer => layer.ExpertGroups.Length == groups);

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * replicas).Select(_ => hosts.Client.AskAsync(Request())));

        foreach (var answer in answers)
            Bits(answer).ShouldBe(await OneProcess.Value);
        var status = await hosts.Admin.StatusAsync(CancellationToken.None);
        status.Hosts.SelectMany(host => host.Engines).Count(engine => engine.TokensGenerated > 0).ShouldBe(replicas, "engines that answered");
    }

    /// <summary>
    /// Hosts that have attention, so many that one has not memory enough, with an engine on as many as there are replicas; beside them a host for each group
    /// of experts, or one that cuts its own into 16.
    /// </summary>
    private static ManyHostsOptions Options(int attention, int replicas, int groups)
    {
        var experts = groups == 16 ? 1 : groups;
        var options = new ManyHostsOptions(
            ScoutNano.Directory,
            [.. Enumerable.Repeat(Front, replicas), .. Enumerable.Repeat(HostRoles.Attention, attention - replicas), .. Enumerable.Repeat(HostRoles.Experts, experts)])
        {
            Replicas = replicas,
            Groups = groups / experts,
        };
        return options with { Bytes = LeastMemory.Of(options) };
    }

    private static GenerateRequest Request() => Answers.Greedy(Prompt, TokensMax) with { TopLogprobs = ScoutNano.Vocabulary };

    private static async Task<long[]> OneProcessAsync()
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        return Bits(await one.Client.AskAsync(Request()));
    }

    private static long[] Bits(List<TokenChunk> chunks)
    {
        var bits = Answers.Bits(chunks);
        bits.Length.ShouldBe(TokensMax * ScoutNano.Vocabulary);
        return bits;
    }
}
