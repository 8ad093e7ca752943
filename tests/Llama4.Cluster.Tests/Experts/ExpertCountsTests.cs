using Llama4.Cluster.Experts;

namespace Llama4.Cluster.Tests.Experts;

/// <summary>What a host tells its leader and its operator about the rows it ran.</summary>
public class ExpertCountsTests
{
    [Fact]
    public void Take_GivesWhatCameSinceTheLastOne_AndNullForNothing()
    {
        var counts = new ExpertCounts(layers: 2, experts: 3, new SetClock());
        counts.Take().ShouldBeNull();

        counts.Add(1, [2, 0, 2]);
        counts.Take().ShouldBe([0, 0, 0, 1, 0, 2]);
        counts.Take().ShouldBeNull();

        counts.Add(1, [2]);
        counts.AddUnnamed(5);
        counts.Take().ShouldBe([0, 0, 0, 0, 0, 1]);
        counts.Rows(1, 2).ShouldBe(3);
    }

    [Fact]
    public void RowsPerS_IsOfTheLastSecond()
    {
        var clock = new SetClock();
        var counts = new ExpertCounts(layers: 2, experts: 3, clock);
        counts.Add(0, [0, 1, 2]);
        counts.AddUnnamed(7);

        counts.RowsPerS.ShouldBe(0);
        clock.Advance(TimeSpan.FromSeconds(2));
        counts.RowsPerS.ShouldBe(5);
        counts.Add(0, [0]);
        clock.Advance(TimeSpan.FromSeconds(1));
        counts.Take();
        counts.RowsPerS.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        counts.RowsPerS.ShouldBe(0);
    }
}
