using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>Stages and vocabularies with standbys, and what they save when a host is gone.</summary>
public class StandbyTests
{
    private const long GB = 1_000_000_000;

    [Fact]
    public void Plan_WithStandbysAndRoom_GivesEveryStageAndVocabularyThem()
    {
        HostCapacity[] hosts = [.. PlanCases.Alike(6, 200 * GB, PlanCases.H100).Select((host, i) => host with { Zone = $"rack-{i % 2}" })];
        var zones = hosts.ToDictionary(host => host.Host, host => host.Zone);
        var request = Request(hosts) with { Standbys = 1 };

        var plan = PlacementPlanner.Plan(request);

        PlanCases.ShouldBeWhole(plan, request);
        plan.Replicas[0].Stages.ShouldAllBe(stage => stage.Standbys.Length == 1 && zones[stage.Standbys[0]] != zones[stage.Host]);
        zones[plan.Replicas[0].VocabularyStandbys.ShouldHaveSingleItem()].ShouldNotBe(zones[plan.Vocabulary]);
        var weights = PlanCases.Scout.WeightBytes;
        HostMemory.Of(request, plan).Sum(host => host.StandbyWeights).ShouldBe(weights);
        HostMemory.Of(request, plan).Sum(host => host.Weights).ShouldBe(2 * weights);
    }

    [Fact]
    public void Plan_WithRoomForTheExpertsStandbysAlone_GoesWithoutTheOthers()
    {
        var request = Request(PlanCases.Alike(4, 400 * GB, PlanCases.H100)) with { Standbys = 1 };
        var without = PlacementPlanner.Plan(request);
        without.Replicas[0].Stages.ShouldAllBe(stage => stage.Standbys.Length == 1);
        // As much as everything else takes, and a byte less than the smallest of these standbys.
        var bare = without with { Replicas = [.. without.Replicas.Select(replica => replica with { VocabularyStandbys = [], Stages = [.. replica.Stages.Select(stage => stage with { Standbys = [] })] })] };
        var smallest = PlanCases.Scout.VocabularyBytes;
        HostCapacity[] tight = [.. HostMemory.Of(request, bare).Select((host, i) => request.Hosts[i] with { Bytes = host.Total + smallest - 1 })];

        var plan = PlacementPlanner.Plan(request with { Hosts = tight });

        PlanCases.ShouldBeWhole(plan, request with { Hosts = tight });
        plan.Replicas[0].VocabularyStandbys.ShouldBeEmpty();
        plan.Replicas[0].Stages.ShouldAllBe(stage => stage.Standbys.Length == 0);
        plan.Layers.SelectMany(layer => layer.ExpertGroups).ShouldAllBe(group => group.Standbys.Length == 1);
    }

    /// <summary>Whatever host it is: the next plan can serve without anybody reading a byte.</summary>
    [Fact]
    public void PlanInHaste_WhenAnyHostIsGone_LoadsNothing() =>
        Gen.Select(PlanCases.Shapes, Gen.Int[2, 7], Gen.Int[0, 6], Gen.Int[1, 2], Gen.Int[1, 3]).Sample((shape, count, gone, replicas, groups) =>
        {
            var hosts = PlanCases.Alike(count, 10_000_000);
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = 1, Replicas = replicas, GroupsOnOneHost = groups };
            var before = PlacementPlanner.Plan(request);
            var hasty = request with { Hosts = [.. hosts.Where((_, i) => i != gone % count), new HostCapacity(new HostId("host-new"), 10_000_000)], Epoch = 2, Previous = before, InHaste = true };

            var after = PlacementPlanner.Plan(hasty);

            PlanCases.ShouldBeWhole(after, hasty);
            PlanDifference.Between(before, after).ShouldBeEmpty();
            after.Hosts.ShouldNotContain(new HostId("host-new"));
            ShouldStay(before, after, hosts[gone % count].Host);
            // What makes up for it has all standbys again, and moves no attention either.
            var next = hasty with { Epoch = 3, Previous = after, InHaste = false };
            var whole = PlacementPlanner.Plan(next);
            PlanCases.ShouldBeWhole(whole, next);
            whole.Replicas.SelectMany(replica => replica.Stages).All(stage => stage.Standbys.Length == 1).ShouldBeTrue();
            whole.Replicas.All(replica => replica.VocabularyStandbys.Length == 1).ShouldBeTrue();
            ShouldStay(after, whole, gone: default);
        }, iter: 300);

    [Fact]
    public void PlanInHaste_WithoutAStandbyForAPart_StillServesIt()
    {
        var hosts = PlanCases.Alike(4, 400 * GB, PlanCases.H100);
        var before = PlacementPlanner.Plan(Request(hosts));
        var gone = before.Replicas[0].Stages[0].Host;
        var request = Request([.. hosts.Where(host => host.Host != gone)]) with { Epoch = 2, Previous = before, InHaste = true };

        var after = PlacementPlanner.Plan(request);

        PlanCases.ShouldBeWhole(after, request);
        PlanDifference.Between(before, after).Sum(load => load.Parts.Layers.Count).ShouldBe(before.Replicas[0].Stages.Where(stage => stage.Host == gone).Sum(stage => stage.Layers));
    }

    [Fact]
    public void PlanInHaste_WhenOnlyANewcomerIsLeftForARole_UsesIt()
    {
        HostCapacity[] hosts = [.. PlanCases.Alike(3, 400 * GB).Select((host, i) => host with { Roles = i == 0 ? HostRoles.Any & ~HostRoles.Experts : i == 1 ? HostRoles.Experts : HostRoles.Any & ~HostRoles.Experts })];
        var before = PlacementPlanner.Plan(Request(hosts[..2]));
        var request = Request(hosts[1..]) with { Epoch = 2, Previous = before, InHaste = true };

        var after = PlacementPlanner.Plan(request);

        PlanCases.ShouldBeWhole(after, request);
        (after.Engine, after.Vocabulary).ShouldBe((hosts[2].Host, hosts[2].Host));
    }

    internal static void ShouldStay(PlacementPlan before, PlacementPlan after, HostId gone)
    {
        foreach (var (old, now) in before.Replicas.Zip(after.Replicas))
        {
            for (var layer = 0; layer < before.Layers.Length; layer++)
            {
                if (old.StageOf(layer).Host != gone)
                {
                    now.StageOf(layer).Host.ShouldBe(old.StageOf(layer).Host);
                }
            }

            if (old.Engine != gone)
            {
                now.Engine.ShouldBe(old.Engine);
            }

            if (old.Vocabulary != gone)
            {
                now.Vocabulary.ShouldBe(old.Vocabulary);
            }
        }
    }

    private static PlacementRequest Request(HostCapacity[] hosts) => new(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1);
}
