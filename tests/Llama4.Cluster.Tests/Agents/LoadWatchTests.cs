using Llama4.Cluster.Agents;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests.Agents;

/// <summary>What a leader that takes over believes about load.</summary>
public class LoadWatchTests
{
    private static readonly HostId A = new("a"), B = new("b");

    private static readonly ExpertLoadLimits Limits = new();

    private static readonly PlacementPlan Plan = new(3, A, A, [
        new LayerPlacement(0, A, [new ExpertGroupPlacement(0, 0, 4, A) { Hot = [new HotExpert(2, B)] }]),
        new LayerPlacement(1, A, [])]);

    private readonly SetClock _clock = new();

    [Fact]
    public void Begin_WithAPlanThatHasSecondOwners_GivesThemBackOnlyWhenNobodyAsksForThem()
    {
        var watch = new LoadWatch([4, 0], Limits, new RangeBalanceLimits(), _clock);
        watch.Begin(Plan);

        watch.Look();
        watch.HasOtherHot.ShouldBeFalse();
        watch.Hot.ShouldBe([new ExpertOfLayer(0, 2)]);
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        watch.Look();
        _clock.Advance(Limits.CoolFor);
        watch.Look();

        watch.HasOtherHot.ShouldBeTrue();
        watch.Hot.ShouldBeEmpty();
        watch.Planned(watch.Hot);
        watch.HasOtherHot.ShouldBeFalse();
    }

    [Fact]
    public void SecondOwners_OfAPlan_NameLayerExpertAndHost() =>
        LoadWatch.SecondOwners(Plan).ShouldBe([(new ExpertOfLayer(0, 2), B)]);
}
