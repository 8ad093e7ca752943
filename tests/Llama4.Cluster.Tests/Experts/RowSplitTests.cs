using Llama4.Cluster.Experts;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Experts;

/// <summary>Whose each row is.</summary>
public class RowSplitTests
{
    private static readonly HostId A = new("a"), B = new("b"), C = new("c");

    /// <summary>Groups 0 (experts 4..7) and 1 (experts 0..3), then the second owners of experts 6, 5 and 0.</summary>
    private static readonly LayerPlacement Layer = new(0, A, [
        new ExpertGroupPlacement(0, 4, 4, B) { Hot = [new HotExpert(6, C), new HotExpert(5, A)] },
        new ExpertGroupPlacement(1, 0, 4, C) { Hot = [new HotExpert(0, B)] }]);

    [Fact]
    public void Assign_GivesRowsToTheirGroup_AndThoseOfHotExpertsToBothOwnersInTurns()
    {
        var split = new RowSplit(Layer);

        Assign(split, 4, 6, 6, 5, 6, 0, 1, 5, 0, 5).ShouldBe([0, 0, 2, 0, 0, 1, 1, 3, 4, 0]);
    }

    [Fact]
    public void Assign_OfOneRowAtATime_SplitsThemToo()
    {
        var split = new RowSplit(Layer);

        Enumerable.Range(0, 6).Select(_ => Assign(split, 6).Single()).ShouldBe([0, 2, 0, 2, 0, 2]);
    }

    private static int[] Assign(RowSplit split, params int[] chosen)
    {
        var owners = new int[chosen.Length];
        split.Assign(chosen, owners);
        return owners;
    }
}
