using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Hosts come and go while answers are generated: the tokens are those of the undisturbed run.</summary>
[Collection(nameof(ManyHosts))]
public class LostHostTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;

    private static readonly int[] Prompt = [ScoutNano.Bos, 10, 20, 30];

    [Fact]
    public async Task ExpertHost_LostInMidAnswer_IsReplacedByItsStandby()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, Rest | HostRoles.Attention, HostRoles.Experts, HostRoles.Experts, HostRoles.Experts) { Standbys = 1 });
        await DisturbAsync(hosts, () => hosts.KillAsync(hosts.Ids[2]));
    }

    [Fact]
    public async Task AttentionHost_LostInMidAnswer_IsReplacedAndItsKeysAndValuesComputedAgain()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, Rest | HostRoles.Experts, HostRoles.Attention, HostRoles.Attention));
        await DisturbAsync(hosts, () => hosts.KillAsync(hosts.Ids[2]));
    }

    [Fact]
    public async Task EngineHost_LostInMidAnswer_IsReplacedAndTheGatewaySubmitsAgain()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts, Rest | HostRoles.Attention, Rest | HostRoles.Attention));
        var engine = hosts.Plan.Replicas[0].Engine;
        await DisturbAsync(hosts, () => hosts.KillAsync(engine));
    }

    /// <summary>With fewer hosts than the first plan waited for, those that are left have a leader all the same.</summary>
    [Fact]
    public async Task Leader_LostInMidAnswer_IsFollowedByAnother()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts, Rest | HostRoles.Attention, Rest | HostRoles.Attention) { AnotherLeads = true });
        var leader = hosts.Leader;
        leader.ShouldNotBe(hosts.Ids[0]);
        await DisturbAsync(hosts, () => hosts.KillAsync(leader));
        await hosts.PlanAsync(plan => !plan.Hosts.Contains(leader));
    }

    [Fact]
    public async Task Host_ThatJoinsInMidAnswer_GetsExperts()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any));
        await DisturbAsync(hosts, async () =>
        {
            var joined = await hosts.AddAsync(HostRoles.Experts);
            await hosts.PlanAsync(plan => plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host == joined)));
        });
    }

    [Fact]
    public async Task Host_ThatIsDrainedInMidAnswer_OwnsNothing()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any, HostRoles.Any));
        await DisturbAsync(hosts, async () =>
        {
            await hosts.DrainAsync(hosts.Ids[1]);
            hosts.Plan.Hosts.ShouldNotContain(hosts.Ids[1]);
        });
    }

    /// <summary>Nobody is left to take over: none waits for another.</summary>
    [Fact]
    public async Task Hosts_ThatAllLeaveAtOnce_DoNotWaitForEachOther()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any, HostRoles.Any));

        await Task.WhenAll(hosts.Ids.Select(host => hosts.Agent(host).LeaveAsync(TimeSpan.FromHours(1), CancellationToken.None))).WaitAsync(Answers.Limit);

        hosts.Plan.Hosts.ShouldNotBeEmpty("what nobody can take stays where it is");
    }

    /// <summary>Who asked the leader that leaves too asks the next one.</summary>
    [Fact]
    public async Task Host_ThatLeavesTogetherWithTheLeader_OwnsNothing()
    {
        await using var hosts = await ManyHosts.StartAsync(
            new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any, HostRoles.Any, HostRoles.Any) { AnotherLeads = true });
        var (leader, other) = (hosts.Leader, hosts.Ids.Last(host => host != hosts.Leader));
        var agent = hosts.Agent(other);

        var leaving = agent.LeaveAsync(TimeSpan.FromHours(1), CancellationToken.None);
        await hosts.KillAsync(leader);
        await leaving.WaitAsync(Answers.Limit);

        await hosts.PlanAsync(plan => !plan.Hosts.Contains(other));
    }

    [Fact]
    public async Task DrainedHost_StaysEmptyUnderTheNextLeader()
    {
        await using var hosts = await ManyHosts.StartAsync(
            new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any, HostRoles.Any, HostRoles.Any) { AnotherLeads = true });
        var (leader, drained) = (hosts.Leader, hosts.Ids.Last(host => host != hosts.Leader));
        await hosts.DrainAsync(drained);
        var epoch = hosts.Plan.Epoch;

        await hosts.KillAsync(leader);
        var plan = await hosts.PlanAsync(plan => plan.Epoch > epoch && !plan.Hosts.Contains(leader));

        plan.Hosts.ShouldNotContain(drained);
        (await hosts.Admin.StatusAsync(CancellationToken.None)).Hosts.Single(host => host.Host == drained).Condition.ShouldBe(HostCondition.Draining);
    }

    /// <summary>Its end would wait for what nobody carries on any more.</summary>
    [Fact]
    public async Task Leader_ThatEndsWhileAnotherIsDrained_SaysSoToWhoeverAsked()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any));
        var agent = hosts.Agent(hosts.Leader);
        var draining = agent.Leadership.DrainAsync(hosts.Ids.Single(host => host != hosts.Leader));

        await agent.DisposeAsync();

        await Should.ThrowAsync<NotLeadingException>(() => draining.WaitAsync(Answers.Limit));
    }

    private static async Task DisturbAsync(ManyHosts hosts, Func<Task> disturb)
    {
        var requests = Enumerable.Range(0, 6).Select(i => Answers.Greedy([.. Prompt, i], 600) with
        {
            Sampling = new SamplingSettings { Temperature = i % 2 },
            Seed = (ulong)i,
        }).ToArray();
        var undisturbed = await Task.WhenAll(requests.Select(request => hosts.Client.TokensAsync(request with { Id = Guid.NewGuid() })));

        var answers = requests.Select(request => hosts.Client.TokensAsync(request)).ToArray();
        await disturb();
        var disturbed = await Task.WhenAll(answers);

        for (var i = 0; i < requests.Length; i++)
            disturbed[i].ShouldBe(undisturbed[i]);
        // And it goes on serving.
        (await hosts.Client.TokensAsync(requests[0] with { Id = Guid.NewGuid() })).ShouldBe(undisturbed[0]);
    }
}
