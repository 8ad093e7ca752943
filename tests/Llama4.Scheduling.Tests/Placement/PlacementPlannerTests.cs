using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

public class PlacementPlannerTests
{
    private const long GB = 1_000_000_000;

    [Fact]
    public void Plan_WhateverModelAndHosts_OwnsEverythingOnceWithinEveryHost()
    {
        var planned = 0;
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(1, 9), Gen.Int[1, 40], Gen.Int[1, 20], Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[1, 3])
            .Sample((shape, hosts, context, sequences, standbys, replicas, groups) =>
            {
                var request = new PlacementRequest(shape, hosts, PlanCases.Work(context, sequences), 5) { Standbys = standbys, Replicas = replicas, GroupsOnOneHost = groups };
                if (PlanCases.TryPlan(request) is { } plan)
                {
                    Interlocked.Increment(ref planned);
                    PlanCases.ShouldBeWhole(plan, request);
                    foreach (var layer in plan.Layers)
                    {
                        var owners = layer.ExpertGroups.Select(group => group.Host).Distinct().Count();
                        layer.ExpertGroups.Length.ShouldBe(owners == 1 ? Math.Min(groups, shape.Layers[layer.Layer].Experts) : owners);
                    }
                }
            }, iter: 300);
        planned.ShouldBeGreaterThan(50); // or nothing was tested
    }

    [Fact]
    public void Plan_OfTheSameRequest_IsTheSameWhateverTheOrderOfItsHosts() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(1, 7), Gen.Int[0, 1], Gen.Int).Sample((shape, hosts, standbys, seed) =>
        {
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = standbys };
            var shuffled = hosts.ToArray();
            new Random(seed).Shuffle(shuffled);

            var plan = PlanCases.TryPlan(request);
            var other = PlanCases.TryPlan(request with { Hosts = shuffled });

            (plan is null ? "none" : PlanCases.Text(plan)).ShouldBe(other is null ? "none" : PlanCases.Text(other));
        }, iter: 200);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public void Plan_OnOneHost_CutsItsExpertsIntoTheGroupsAskedFor(int groups)
    {
        var request = new PlacementRequest(PlanCases.Scout, PlanCases.Alike(1, 400 * GB), PlanCases.Work(512, 1), 1) { GroupsOnOneHost = groups };

        var plan = PlacementPlanner.Plan(request);

        foreach (var layer in plan.Layers)
        {
            layer.Attention.ShouldBe(new HostId("host-0"));
            layer.ExpertGroups.Select(group => (group.Group, group.First, group.Count, group.Host.Name)).ShouldBe(Enumerable.Range(0, groups).Select(group =>
                (group, 16 * group / groups, (16 * (group + 1) / groups) - (16 * group / groups), "host-0")));
        }

        plan.Replicas.ShouldHaveSingleItem().Stages.ShouldHaveSingleItem().ShouldBe(new StagePlacement(0, 0, 48, new HostId("host-0")));
    }

    [Fact]
    public void Plan_OfScoutOnEqualHosts_OwnsTheExpertsEvenly()
    {
        var plan = PlacementPlanner.Plan(new PlacementRequest(PlanCases.Scout, PlanCases.Alike(8, 80 * GB, PlanCases.H100), PlanCases.Work(512, 1), 1));

        var owned = plan.Layers.SelectMany(layer => layer.ExpertGroups).GroupBy(group => group.Host).ToDictionary(host => host.Key, host => host.Sum(group => group.Count));
        owned.Values.Sum().ShouldBe(768);
        (owned.Values.Max() - owned.Values.Min()).ShouldBeLessThanOrEqualTo(plan.Replicas[0].Stages.Length == 8 ? 8 : 768);
        plan.Layers.ShouldAllBe(layer => layer.ExpertGroups.Max(group => group.Count) <= 4);
    }

    [Fact]
    public void Plan_WithStandbys_ChoosesAnotherZoneWhereThereIsOne()
    {
        HostCapacity[] hosts = [.. PlanCases.Alike(6, 160 * GB, PlanCases.H100).Select((host, i) => host with { Zone = $"rack-{i % 2}" })];
        var zones = hosts.ToDictionary(host => host.Host, host => host.Zone);

        var plan = PlacementPlanner.Plan(new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1) { Standbys = 1 });

        plan.Layers.SelectMany(layer => layer.ExpertGroups).ShouldAllBe(group => zones[group.Standbys[0]] != zones[group.Host]);
    }

    [Fact]
    public void Plan_WithRoles_KeepsToThem()
    {
        HostRoles[] roles = [HostRoles.Attention | HostRoles.Engine, HostRoles.Attention | HostRoles.Engine, HostRoles.Experts, HostRoles.Experts, HostRoles.Experts, HostRoles.Vocabulary | HostRoles.Gateway];
        HostCapacity[] hosts = [.. PlanCases.Alike(6, 160 * GB, PlanCases.H100).Select((host, i) => host with { Roles = roles[i] })];
        var request = new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(8192, 64), 1) { Standbys = 1 };

        var plan = PlacementPlanner.Plan(request);

        PlanCases.ShouldBeWhole(plan, request);
        plan.Vocabulary.Name.ShouldBe("host-5");
        plan.Engine.ShouldBe(plan.Replicas[0].Stages[0].Host);
    }

    [Fact]
    public void Plan_WhenItDoesNotFit_NamesTheHostAndTheBytesItLacks()
    {
        var hosts = PlanCases.Alike(2, 60 * GB, PlanCases.H100);
        var request = new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1);
        var needed = PlanCases.Scout.WeightBytes - (120 * GB);

        var error = Should.Throw<PlacementException>(() => PlacementPlanner.Plan(request));

        error.Missing.Sum(host => host.Bytes).ShouldBeInRange(needed, needed + GB); // keys, values and buffers besides
        error.Missing.Select(host => host.Host.Name).Order().ShouldBe(["host-0", "host-1"]);
        error.Message.ShouldContain($"{error.Missing[0].Host} lacks {error.Missing[0].Bytes:N0} bytes");
    }

    [Fact]
    public void Plan_WithLessMemoryThanTheLimitByOneByte_Fails()
    {
        var request = new PlacementRequest(PlanCases.Scout, PlanCases.Alike(1, 400 * GB), PlanCases.Work(512, 1), 1);
        var total = HostMemory.Of(request, PlacementPlanner.Plan(request))[0].Total;

        PlacementPlanner.Plan(request with { Hosts = PlanCases.Alike(1, total) });
        Should.Throw<PlacementException>(() => PlacementPlanner.Plan(request with { Hosts = PlanCases.Alike(1, total - 1) })).Missing
            .ShouldBe([new MissingBytes(new HostId("host-0"), 1)]);
    }

    [Theory]
    [InlineData(HostRoles.Experts, 0, "0 hosts may have the role engine")]
    [InlineData(HostRoles.Any & ~HostRoles.Experts, 0, "0 hosts may have the role experts")]
    [InlineData(HostRoles.Any, 1, "1 hosts may have the role experts, at least 2 must (1 standbys")]
    public void Plan_WithoutAHostForARole_SaysWhich(HostRoles roles, int standbys, string message)
    {
        HostCapacity[] hosts = [PlanCases.Alike(1, 400 * GB)[0] with { Roles = roles }];

        Should.Throw<PlacementException>(() => PlacementPlanner.Plan(new PlacementRequest(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1) { Standbys = standbys }))
            .Message.ShouldContain(message);
    }

    [Fact]
    public void Plan_WithAHostTwice_IsAMistake() =>
        Should.Throw<ArgumentException>(() => PlacementPlanner.Plan(new PlacementRequest(
            PlanCases.Scout, [.. PlanCases.Alike(1, GB), .. PlanCases.Alike(1, GB)], PlanCases.Work(512, 1), 1)));
}
