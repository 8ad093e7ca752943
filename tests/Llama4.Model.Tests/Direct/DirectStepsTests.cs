namespace Llama4.Model.Tests;

public class DirectStepsTests
{
    [Fact]
    public void Prefill_OverChunkBorders_CutsThereAndCountsKeysFromTheChunk()
    {
        using var golden = new GoldenCase("01-scout");
        var steps = new DirectSteps(golden.Checkpoint.Config, 2, 100);

        var plans = steps.Prefill(1, 0, new int[100], 50, LogitRows.Last).ToArray();

        // The attention chunk is 32.
        plans.Select(plan => plan.Positions[0]).ShouldBe([0, 32, 64, 96]);
        plans.Select(plan => plan.Rows).ShouldBe([32, 32, 32, 4]);
        plans.Select(plan => plan.LogitRows.Length).ShouldBe([0, 0, 0, 1]);
        plans[3].LogitRows.ShouldBe([3]);
        plans[3].Chunked.RowSlots.ShouldBe([0, 0, 0, 1, 0, 2, 0, 3]);
        plans[3].Chunked.BlockTables.ShouldBe([1]);
        plans[3].Full.RowSlots.ShouldBe([0, 96, 0, 97, 0, 98, 0, 99]);
        plans[3].Full.BlockTables.ShouldBe([4, 5, 6, 7]);
        steps.KvBlocks(AttentionMask.Chunked).ShouldBe(2);
        steps.KvBlocks(AttentionMask.Full).ShouldBe(8);
    }

    [Fact]
    public void Decode_OfTwoSequences_GivesEachItsOwnLine()
    {
        using var golden = new GoldenCase("01-scout");
        var steps = new DirectSteps(golden.Checkpoint.Config, 3, 100);

        var plan = steps.Decode([(2, 70, 5), (0, 3, 6)]);

        plan.TokenIds.ShouldBe([5, 6]);
        plan.Chunked.RowSlots.ShouldBe([0, 6, 1, 3]);
        plan.Chunked.BlockTables.ShouldBe([2, 0]);
        plan.Full.BlockTables.ShouldBe([8, 9, 10, 0, 0, 0]);
        plan.LogitRows.ShouldBe([0, 1]);
    }

    [Theory]
    [InlineData(3, 0, 1)]
    [InlineData(0, 30, 3)]
    [InlineData(0, 99, 2)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 5, 0)]
    public void Plan_OfASliceThatDoesNotFit_Throws(int sequence, int first, int rows)
    {
        using var golden = new GoldenCase("01-scout");
        var steps = new DirectSteps(golden.Checkpoint.Config, 3, 100);

        Should.Throw<ArgumentException>(() => steps.Plan([new DirectSlice(sequence, first, new int[rows])], LogitRows.All));
        Should.Throw<ArgumentException>(() => steps.Decode([(1, 0, 0), (1, 1, 0)]));
    }
}
