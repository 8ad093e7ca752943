using Llama4.Cluster.Metrics;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Metrics;

public class StepSplitTests
{
    private static readonly HostId Here = new("here");

    [Fact]
    public void Split_OfAPath_IsTheWholeStep()
    {
        TokenHop[] path =
        [
            new(0, Here, 100, 50, null) { LayerUs = 50 },
            new(1, Here, 100, 0, new ExpertHop(new HostId("there"), 300, 200, [])) { LayerUs = 600 },
            new(2, Here, 100, 0, new ExpertHop(Here, 0, 200, [])) { LayerUs = 250, HandOverUs = 400 },
        ];

        var split = StepSplit.Of(path, TimeSpan.FromMilliseconds(2));

        Micros(split).ShouldBe((300, 50 + 300 + 250, 300 + 400, 2000 - 300 - 600 - 700));
        Micros(split.Of(0.004)).ShouldBe((600, 1200, 1400, 800));
    }

    /// <summary>Of several rows another may have waited longer than the one that is followed; and clocks of two hosts are two.</summary>
    [Fact]
    public void Split_WhereTheWireIsLongerThanTheLayer_TakesNoMoreThanThere()
    {
        var split = StepSplit.Of([new(0, Here, 10, 0, new ExpertHop(new HostId("there"), 900, 1, [])) { LayerUs = 100 }], TimeSpan.FromMicroseconds(50));

        Micros(split).ShouldBe((10, 0, 100, 0));
        Micros(split.Of(0.00011)).ShouldBe((10, 0, 100, 0));
    }

    [Fact]
    public void Split_OfNothing_HasNoShares() => StepSplit.Of([], TimeSpan.Zero).Of(1).ShouldBe(default);

    private static (double, double, double, double) Micros(StepSplit split) =>
        (Math.Round(split.Attention * 1e6, 3), Math.Round(split.Expert * 1e6, 3), Math.Round(split.Wire * 1e6, 3), Math.Round(split.Wait * 1e6, 3));
}
