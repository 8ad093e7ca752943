using System.Diagnostics;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>
/// Prompts whose rows mostly choose one expert: two hosts run its rows for as long as that lasts, or ranges move, with the tokens and bits of one host.
/// </summary>
[Collection(nameof(ManyHosts))]
public class HotExpertTests
{
    private const HostRoles Rest = HostRoles.Any & ~HostRoles.Experts;

    /// <summary>Hot and cool at rates that a machine with much else to do reaches too.</summary>
    private static readonly ExpertLoadLimits Slow = new() { Memory = TimeSpan.FromSeconds(2), HotRowsPerS = 20, CoolRowsPerS = 10 };

    public static TheoryData<string, ManyHostsOptions> Spreads => new()
    {
        { "on standbys, beside attention", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Experts) { Standbys = 1, Load = Slow } },
        { "loaded for it, apart from attention", new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Experts, HostRoles.Experts) { Load = Slow } },
    };

    [Theory]
    [MemberData(nameof(Spreads))]
    public async Task Expert_ThatMostRowsChoose_IsRunByTwoHostsUntilItHasCooled(string spread, ManyHostsOptions options)
    {
        var outstanding = PooledPayload.Outstanding;
        await using var many = await ManyHosts.StartAsync(options);
        var load = new SkewedLoad(many.Client);
        var started = Stopwatch.GetTimestamp();

        await load.RunUntilAsync(() => HotOf(many.Plan).Any());
        var plan = many.Plan;
        var (layer, group, hot) = HotOf(plan).First();
        HostId[] owners = [group.Host, hot.SecondOwner];
        owners.Distinct().Count().ShouldBe(2, spread);
        var before = Array.ConvertAll(owners, Rows);
        await load.RunUntilAsync(() => Array.TrueForAll([0, 1], i => Rows(owners[i]) > before[i]));
        TestContext.Current.TestOutputHelper?.WriteLine($"{spread}: split {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s after the first row");
        await load.AskForLogitsAsync();

        var cooled = await many.PlanAsync(plan => !HotOf(plan).Any());

        cooled.Epoch.ShouldBeGreaterThan(plan.Epoch);
        await load.ShouldBeAsOnOneHostAsync();
        await Answers.GivenBackAsync(outstanding);

        long Rows(HostId host) => many.Counts(host).Rows(layer, hot.Expert);
    }

    [Fact]
    public async Task SecondOwner_ThatIsLostUnderLoad_IsReplacedWithTheSameTokens()
    {
        await using var many = await ManyHosts.StartAsync(
            new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Experts, HostRoles.Experts, HostRoles.Experts) { Standbys = 1, Load = Slow });
        var load = new SkewedLoad(many.Client);
        await load.RunUntilAsync(() => HotOf(many.Plan).Any());
        var (_, _, hot) = HotOf(many.Plan).First();

        var killing = many.KillAsync(hot.SecondOwner);
        await load.RunUntilAsync(() => !many.Plan.Hosts.Contains(hot.SecondOwner) && HotOf(many.Plan).Any());
        await killing;

        HotOf(many.Plan).ShouldAllBe(one => one.Hot.SecondOwner != hot.SecondOwner && one.Group.Host != hot.SecondOwner);
        await load.ShouldBeAsOnOneHostAsync();
    }

    [Fact]
    public async Task Ranges_UnderLoadThatStaysUneven_FollowIt()
    {
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Experts, HostRoles.Experts)
        {
            Load = new ExpertLoadLimits { HotMax = 0, LongMemory = TimeSpan.FromSeconds(2) },
            Ranges = new RangeBalanceLimits { Every = TimeSpan.FromMilliseconds(300), GainLeast = 1.05 },
        });
        var before = many.Plan;
        var load = new SkewedLoad(many.Client);

        // Whatever else changes the plan meanwhile (a host that stood still for a moment) is not what is asked here.
        await load.RunUntilAsync(() => many.Plan is var now && now.Hosts.SequenceEqual(before.Hosts) && !Ranges(now).SequenceEqual(Ranges(before)));

        var after = many.Plan;
        after.Replicas[0].Stages.ShouldBe(before.Replicas[0].Stages, new StageHosts());
        await load.RunUntilAsync(() => true);
        await load.ShouldBeAsOnOneHostAsync();
    }

    private static IEnumerable<(HostId Host, int First)> Ranges(PlacementPlan plan) =>
        plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => (group.Host, group.First));

    private static IEnumerable<(int Layer, ExpertGroupPlacement Group, HotExpert Hot)> HotOf(PlacementPlan plan) =>
        plan.Layers.SelectMany(layer => layer.ExpertGroups.SelectMany(group => group.Hot.Select(hot => (layer.Layer, group, hot))));

    private sealed class StageHosts : IEqualityComparer<StagePlacement>
    {
        public bool Equals(StagePlacement? a, StagePlacement? b) => (a?.FirstLayer, a?.Layers, a?.Host) == (b?.FirstLayer, b?.Layers, b?.Host);

        public int GetHashCode(StagePlacement stage) => stage.FirstLayer;
    }
}
