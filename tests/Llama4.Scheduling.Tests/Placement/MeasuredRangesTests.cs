using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

/// <summary>A plan made anew gives busy experts to hosts that then own fewer of them.</summary>
public class MeasuredRangesTests
{
    private const long GB = 1_000_000_000;

    [Fact]
    public void Plan_WithRowsMeasured_GivesTheHostOfBusyExpertsFewerOfThem()
    {
        var request = Request(PlanCases.Alike(8, 200 * GB, PlanCases.H100));
        var even = PlacementPlanner.Plan(request);
        var busy = even.Layers[5].ExpertGroups.MaxBy(group => group.Count)!;
        busy.Count.ShouldBeGreaterThan(1);
        var rates = Rates((layer, expert) => layer == 5 && expert >= busy.First && expert < busy.First + busy.Count ? 5000 : 500);

        var measured = PlacementPlanner.Plan(request with { Rates = rates });

        PlanCases.ShouldBeWhole(measured, request);
        Most(measured, rates, 5).ShouldBeLessThan(Most(even, rates, 5));
        PlanCases.Text(measured with { Layers = [.. measured.Layers.Where(layer => layer.Layer != 5)] })
            .ShouldBe(PlanCases.Text(even with { Layers = [.. even.Layers.Where(layer => layer.Layer != 5)] }));
    }

    [Fact]
    public void Plan_ThatFollowsAnother_MovesNothingForRowsMeasured()
    {
        var request = Request(PlanCases.Alike(8, 200 * GB, PlanCases.H100));
        var before = PlacementPlanner.Plan(request);
        var rates = Rates((_, expert) => expert < 3 ? 5000 : 10);

        PlanDifference.Between(before, PlacementPlanner.Plan(request with { Epoch = 2, Previous = before, Rates = rates })).ShouldBeEmpty();
    }

    [Fact]
    public void Replan_ThatMovesRanges_MovesExpertsAlone_AndIsFasterByWhatWasMeasured()
    {
        var request = Request(PlanCases.Alike(8, 200 * GB, PlanCases.H100)) with { Standbys = 1 };
        var before = PlacementPlanner.Plan(request);
        var rates = Rates((_, expert) => expert < 3 ? 5000 : 10);
        var next = request with { Epoch = 2, Previous = before, Rates = rates, MovesRanges = true };

        var after = PlacementPlanner.Plan(next);

        PlanCases.ShouldBeWhole(after, next);
        StandbyTests.ShouldStay(before, after, gone: default);
        var work = new MeasuredWork([.. PlanCases.Scout.Layers.Select(layer => layer.Experts)], rates);
        work.Time(after, request.Hosts).ShouldBeLessThan(0.9 * work.Time(before, request.Hosts));
        PlanCases.Text(PlacementPlanner.Plan(next with { Epoch = 3, Previous = after }) with { Epoch = 2 }).ShouldBe(PlanCases.Text(after));
    }

    [Fact]
    public void Replan_ThatMovesRanges_IsWholeWhereThereIsAPlan() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(1, 8), Gen.Double[0, 10_000].Array[9 * 17], Gen.Int[0, 2]).Sample((shape, hosts, rates, standbys) =>
        {
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = standbys };
            if (PlanCases.TryPlan(request) is { } before)
            {
                var next = request with { Epoch = 2, Previous = before, Rates = new ExpertRates(17, rates), MovesRanges = true };
                var after = PlacementPlanner.Plan(next);
                PlanCases.ShouldBeWhole(after, next);
                StandbyTests.ShouldStay(before, after, gone: default);
            }
        }, iter: 300);

    [Fact]
    public void Plan_WithAnyRowsMeasured_IsWholeWhereThereIsAPlan() =>
        Gen.Select(PlanCases.Shapes, PlanCases.Hosts(1, 8), Gen.Double[0, 10_000].Array[9 * 17], Gen.Int[0, 2]).Sample((shape, hosts, rates, standbys) =>
        {
            var request = new PlacementRequest(shape, hosts, PlanCases.Work(16, 4), 1) { Standbys = standbys };
            var plan = PlanCases.TryPlan(request with { Rates = new ExpertRates(17, rates) });

            if (plan is not null)
            {
                PlanCases.ShouldBeWhole(plan, request);
            }
            else
            {
                PlanCases.TryPlan(request).ShouldBeNull(); // other ranges can fit where even ones do not, never the other way round
            }
        }, iter: 300);

    private static double Most(PlacementPlan plan, ExpertRates rates, int layer) =>
        plan.Layers[layer].ExpertGroups.GroupBy(group => group.Host).Max(host => host.Sum(group => rates.Of(layer, group.First, group.Count)));

    private static ExpertRates Rates(Func<int, int, double> of) => new(16, [.. Enumerable.Range(0, 48 * 16).Select(i => of(i / 16, i % 16))]);

    private static PlacementRequest Request(HostCapacity[] hosts) => new(PlanCases.Scout, hosts, PlanCases.Work(512, 1), 1);
}
