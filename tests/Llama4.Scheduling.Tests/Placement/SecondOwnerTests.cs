using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>Hot experts have a second owner where there is room, and it is given back.</summary>
public class SecondOwnerTests
{
    private const long GB = 1_000_000_000;

    private static readonly ExpertOfLayer Hot = new(7, 11);

    private static readonly Gen<ExpertOfLayer[]> SomeHot = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 17], (layer, expert) => new ExpertOfLayer(layer, expert)).Array[0, 8];

    [Fact]
    public void Plan_WithHotExperts_IsWholeWhateverChanges() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(2, 8), SomeHot, SomeHot, Gen.Int[0, 255], Gen.Int[0, 1]).Sample((shape, hosts, before, after, left, standbys) =>
        {
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = standbys, Hot = before };
            if (PlanCases.TryPlan(request) is not { } first)
            {
                PlanCases.TryPlan(request with { Hot = [] }).ShouldBeNull(); // a second owner is a wish
                return;
            }

            PlanCases.ShouldBeWhole(first, request);
            var next = request with { Hosts = [.. hosts.Where((_, i) => i == 0 || (left >> i & 1) == 1)], Epoch = 2, Previous = first, Hot = after };
            foreach (var inHaste in (bool[])[false, true])
            {
                var (with, without) = (PlanCases.TryPlan(next with { InHaste = inHaste }), PlanCases.TryPlan(next with { InHaste = inHaste, Hot = [] }));
                (with is null).ShouldBe(without is null);
                if (with is not null)
                {
                    PlanCases.ShouldBeWhole(with, next with { InHaste = inHaste });
                    PlanCases.Text(WithoutHot(with)).ShouldBe(PlanCases.Text(without!)); // and moves nobody else
                }
            }
        }, iter: 300);

    [Fact]
    public void Plan_WithRoom_GivesEveryHotExpertASecondOwner() =>
        Gen.Select(PlanCases.Shapes, Gen.Int[2, 8], SomeHot, Gen.Int[0, 2]).Sample((shape, count, hot, standbys) =>
        {
            var request = new PlacementRequest(shape, PlanCases.Alike(count, 100_000_000), PlanCases.Work(16, 4), 1) { Standbys = Math.Min(standbys, count - 1), Hot = hot };

            var plan = PlacementPlanner.Plan(request);

            var there = hot.Where(one => one.Layer < shape.Layers.Count && one.Expert < shape.Layers[one.Layer].Experts);
            var owners = plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().Count();
            PlanCases.ShouldBeWhole(plan, request);
            if (owners > 1 || request.Standbys > 0)
            {
                SecondOwners(plan).Select(second => second.Expert).ToHashSet().SetEquals(there).ShouldBeTrue();
            }
        }, iter: 300);

    [Fact]
    public void Replan_WhenAnExpertTurnsHot_TakesTheStandbyThatHasItLoaded()
    {
        var request = Request(PlanCases.Alike(6, 200 * GB, PlanCases.H100)) with { Standbys = 1 };
        var before = PlacementPlanner.Plan(request);

        var after = PlacementPlanner.Plan(request with { Epoch = 2, Previous = before, Hot = [Hot] });

        var group = after.Layers[Hot.Layer].ExpertGroups.Single(group => group.Hot.Length > 0);
        group.Hot.ShouldBe([new HotExpert(Hot.Expert, group.Standbys.ShouldHaveSingleItem())]);
        PlanDifference.Between(before, after).ShouldBeEmpty();
    }

    [Fact]
    public void Replan_WithoutStandbys_LoadsTheHotExpertAloneOnTheHostWithTheFewestRows()
    {
        var hosts = PlanCases.Alike(6, 200 * GB, PlanCases.H100);
        var before = PlacementPlanner.Plan(Request(hosts));
        var owners = before.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().ToArray();
        var owner = before.Layers[Hot.Layer].ExpertGroups.Single(group => group.First <= Hot.Expert && Hot.Expert < group.First + group.Count).Host;
        var idle = owners.Last(host => host != owner);
        var rates = new double[48 * 16];
        foreach (var layer in before.Layers)
        {
            foreach (var group in layer.ExpertGroups.Where(group => group.Host != idle))
            {
                Array.Fill(rates, 100, (layer.Layer * 16) + group.First, group.Count);
            }
        }

        var after = PlacementPlanner.Plan(Request(hosts) with { Epoch = 2, Previous = before, Hot = [Hot], Rates = new ExpertRates(16, rates) });

        SecondOwners(after).ShouldBe([(Hot, idle)]);
        var load = PlanDifference.Between(before, after).ShouldHaveSingleItem();
        load.Host.ShouldBe(idle);
        (load.Parts.Layers.Count, load.Parts.Vocabulary).ShouldBe((0, false));
        load.Parts.Experts.ShouldBe([(Hot.Layer, Hot.Expert)]);
    }

    [Fact]
    public void Replan_WhileItIsHot_KeepsItsSecondOwner_AndGivesItBackWhenItHasCooled()
    {
        var request = Request(PlanCases.Alike(6, 200 * GB, PlanCases.H100));
        var even = PlacementPlanner.Plan(request);
        var hot = PlacementPlanner.Plan(request with { Epoch = 2, Previous = even, Hot = [Hot] });
        // What would make another the better choice today.
        var rates = new double[48 * 16];
        foreach (var group in hot.Layers[3].ExpertGroups.Where(group => group.Host == SecondOwners(hot).Single().Host))
        {
            Array.Fill(rates, 1e6, (3 * 16) + group.First, group.Count);
        }

        var kept = PlacementPlanner.Plan(request with { Epoch = 3, Previous = hot, Hot = [Hot], Rates = new ExpertRates(16, rates) });
        var cooled = PlacementPlanner.Plan(request with { Epoch = 4, Previous = kept });

        PlanDifference.Between(hot, kept).ShouldBeEmpty();
        SecondOwners(kept).ShouldBe(SecondOwners(hot));
        PlanCases.Text(cooled with { Epoch = 1 }).ShouldBe(PlanCases.Text(even));
    }

    private static IEnumerable<(ExpertOfLayer Expert, HostId Host)> SecondOwners(PlacementPlan plan) =>
        plan.Layers.SelectMany(layer => layer.ExpertGroups.SelectMany(group => group.Hot).Select(hot => (new ExpertOfLayer(layer.Layer, hot.Expert), hot.SecondOwner)));

    private static PlacementPlan WithoutHot(PlacementPlan plan) =>
        plan with { Layers = [.. plan.Layers.Select(layer => layer with { ExpertGroups = [.. layer.ExpertGroups.Select(group => group with { Hot = [] })] })] };

    private static PlacementRequest Request(HostCapacity[] hosts) => new(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1);
}
