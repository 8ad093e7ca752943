using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Placement;

public class PlacementPlannerTests
{
    [Fact]
    public void Plan_WhenItFits_OwnsEveryExpertOnceWithinEveryHost() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 17], Gen.Int[1, 5], Gen.Int[1, 4]).Sample((layers, experts, groups, hosts) =>
        {
            var shape = new ModelShape([.. Enumerable.Repeat(new LayerShape(10, experts, 3), layers)], 7);
            var room = 7L + layers * (10 + experts * 3);
            HostCapacity[] capacities = [.. Enumerable.Range(0, hosts).Select(i => new HostCapacity(new HostId($"h{i}"), room))];

            var plan = PlacementPlanner.Plan(shape, capacities, groups, 5);

            plan.Epoch.ShouldBe(5);
            plan.Layers.Select(layer => layer.Layer).ShouldBe(Enumerable.Range(0, layers));
            foreach (var layer in plan.Layers)
            {
                layer.ExpertGroups.Length.ShouldBe(Math.Min(groups, experts));
                layer.ExpertGroups.SelectMany(g => Enumerable.Range(g.First, g.Count)).ShouldBe(Enumerable.Range(0, experts));
            }
        });

    [Fact]
    public void Plan_WhenItDoesNotFit_NamesTheBytesMissing() =>
        Should.Throw<InvalidOperationException>(() => PlacementPlanner.Plan(
            new ModelShape([new LayerShape(10, 2, 100)], 5), [new HostCapacity(new HostId("a"), 50)], 2, 1)).Message.ShouldContain("65 are missing");
}
