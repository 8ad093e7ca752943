using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>A plan that follows another moves as little as it can.</summary>
public class ReplanTests
{
    private const long GB = 1_000_000_000;

    [Fact]
    public void Replan_WhateverChanges_OwnsEverythingOnceWithinEveryHost() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(2, 8), Gen.Int[0, 255], Gen.Int[0, 255], Gen.Int[0, 1], Gen.Int[1, 2]).Sample((shape, hosts, before, after, standbys, replicas) =>
        {
            var request = new PlacementRequest(shape, Some(hosts, before), PlanCases.Work(16, 4), 1) { Standbys = standbys, Replicas = replicas };
            if (PlanCases.TryPlan(request) is not { } first)
            {
                return;
            }

            var next = request with { Hosts = Some(hosts, after), Epoch = 2, Previous = first };
            if (PlanCases.TryPlan(next) is { } second)
            {
                PlanCases.ShouldBeWhole(second, next);
            }
            else
            {
                PlanCases.TryPlan(next with { Previous = null }).ShouldBeNull(); // what has a plan anew has one after another too
            }
        }, iter: 300);

    [Fact]
    public void Replan_WhenNothingChanged_IsTheSamePlan() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(1, 8), Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[1, 2]).Sample((shape, hosts, standbys, replicas, groups) =>
        {
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = standbys, Replicas = replicas, GroupsOnOneHost = groups };
            if (PlanCases.TryPlan(request) is { } plan)
            {
                PlanCases.Text(PlacementPlanner.Plan(request with { Previous = plan })).ShouldBe(PlanCases.Text(plan));
            }
        }, iter: 300);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(15)]
    public void Replan_WhenAHostJoins_MovesItsFairShareToItAndNothingElse(int count)
    {
        var hosts = PlanCases.Alike(count + 1, 900 * GB / count, PlanCases.H100);
        var joining = hosts[count / 2]; // a name in the middle of the others
        var request = new PlacementRequest(PlanCases.Scout, [.. hosts.Where(host => host != joining)], PlanCases.Work(512, 1), 1);
        var before = PlacementPlanner.Plan(request);

        var after = PlacementPlanner.Plan(request with { Hosts = hosts, Epoch = 2, Previous = before });

        var load = PlanDifference.Between(before, after).ShouldHaveSingleItem();
        load.Host.ShouldBe(joining.Host);
        (load.Parts.Layers.Count, load.Parts.Vocabulary).ShouldBe((0, false));
        var owners = after.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().Count();
        load.Parts.Experts.Count.ShouldBeInRange(768 / (owners + 4), (768 / (owners - 1)) + 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Replan_WhenAnExpertHostLeaves_MovesItsExpertsAlone(int standbys)
    {
        var hosts = PlanCases.Alike(8, 120 * GB, PlanCases.H100);
        var request = new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1) { Standbys = standbys };
        var before = PlacementPlanner.Plan(request);
        var attention = before.Replicas[0].Stages.Select(stage => stage.Host).Append(before.Vocabulary).ToHashSet();
        var leaving = hosts.Last(host => !attention.Contains(host.Host)).Host;

        var after = PlacementPlanner.Plan(request with { Hosts = [.. hosts.Where(host => host.Host != leaving)], Epoch = 2, Previous = before });

        foreach (var (old, now) in Owners(before).Zip(Owners(after)))
        {
            (now == old || old == leaving).ShouldBeTrue($"{old} to {now}");
        }

        after.Replicas[0].Stages.Select(stage => (stage.FirstLayer, stage.Layers, stage.Host)).ShouldBe(before.Replicas[0].Stages.Select(stage => (stage.FirstLayer, stage.Layers, stage.Host)));
        var gone = Owners(before).Count(owner => owner == leaving);
        if (standbys == 0)
        {
            PlanDifference.Between(before, after).Sum(load => load.Parts.Experts.Count).ShouldBe(gone);
        }
        else
        {
            // Standbys own now what they had loaded: nothing that the host owned is read from disk before it is served again.
            var had = before.Layers.SelectMany(layer => layer.ExpertGroups.SelectMany(group => group.Standbys.Select(host => (host, layer.Layer, group.First)))).ToHashSet();
            var promoted = before.Layers.SelectMany(layer => layer.ExpertGroups.Where(group => group.Host == leaving).Select(group => (Owner(after, layer.Layer, group.First), layer.Layer, group.First)));
            promoted.ShouldAllBe(part => had.Contains(part));
        }

        var shares = Owners(after).GroupBy(owner => owner).Select(owner => owner.Count()).ToList();
        shares.Max().ShouldBeLessThanOrEqualTo(2 * 768 / shares.Count); // its neighbours differ from layer to layer
    }

    [Fact]
    public void Replan_WhenAnAttentionHostLeaves_GivesItsStageToOneHost()
    {
        var hosts = PlanCases.Alike(8, 80 * GB, PlanCases.H100);
        var request = new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(8192, 64), 1);
        var before = PlacementPlanner.Plan(request);
        var leaving = before.Replicas[0].Stages[^1];

        var after = PlacementPlanner.Plan(request with { Hosts = [.. hosts.Where(host => host.Host != leaving.Host)], Epoch = 2, Previous = before });

        for (var layer = 0; layer < leaving.FirstLayer; layer++)
        {
            after.Replicas[0].StageOf(layer).Host.ShouldBe(before.Replicas[0].StageOf(layer).Host);
        }

        Enumerable.Range(leaving.FirstLayer, leaving.Layers).Select(layer => after.Replicas[0].StageOf(layer).Host).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public void Replan_WhenGroupsStay_KeepsTheirNumbers()
    {
        var hosts = PlanCases.Alike(5, 120 * GB, PlanCases.H100);
        var request = new PlacementRequest(PlanCases.Scout, [.. hosts.Skip(1)], PlanCases.Work(512, 1), 1);
        var before = PlacementPlanner.Plan(request);

        var after = PlacementPlanner.Plan(request with { Hosts = hosts, Epoch = 2, Previous = before });

        foreach (var (old, now) in before.Layers.Zip(after.Layers))
        {
            old.ExpertGroups.ShouldAllBe(group => now.ExpertGroups[group.Group].Host == group.Host);
        }
    }

    private static HostCapacity[] Some(HostCapacity[] hosts, int bits) => [.. hosts.Where((_, i) => i == 0 || (bits >> i & 1) == 1)];

    private static IEnumerable<HostId> Owners(PlacementPlan plan) =>
        Enumerable.Range(0, plan.Layers.Length).SelectMany(layer => Enumerable.Range(0, 16).Select(expert => Owner(plan, layer, expert)));

    private static HostId Owner(PlacementPlan plan, int layer, int expert) =>
        plan.Layers[layer].ExpertGroups.Single(group => expert >= group.First && expert < group.First + group.Count).Host;
}
