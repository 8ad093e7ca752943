using CsCheck;

namespace Llama4.Scheduling.Tests.Kv;

public class KvBudgetTests
{
    /// <summary>Scout: 36 chunked and 12 full layers, blocks of 32 positions of 4,096 bytes.</summary>
    private static readonly KvNeeds Scout = new(36, 12, 32 * 4096, 32, 8192, 1 << 20, 8);

    [Fact]
    public void Divide_WithLittleMemory_GivesBothKindsTheSamePositions()
    {
        var sizes = KvBudget.Divide(Scout, 1L << 30);

        sizes.ChunkedBlocks.ShouldBe(170); // 1 GiB / (48 layers x 128 KiB)
        sizes.FullBlocks.ShouldBeInRange(170, 173, "what is left over, a block on 12 layers at a time");
    }

    [Fact]
    public void Divide_WithMuchMemory_GivesChunkedLayersAChunkASequenceAndTheRestToFullOnes()
    {
        var sizes = KvBudget.Divide(Scout, 100L << 30);

        sizes.ChunkedBlocks.ShouldBe(8 * 256);
        var left = (100L << 30) - (8 * 256 * 36L * Scout.BlockBytes);
        sizes.FullBlocks.ShouldBe((int)(left / (12 * Scout.BlockBytes)));
    }

    [Fact]
    public void Divide_WithTooLittle_SaysHowMuchOneBlockTakes() =>
        Should.Throw<ArgumentException>(() => KvBudget.Divide(Scout, 1_000_000)).Message.ShouldContain((48 * 32 * 4096).ToString());

    [Fact]
    public void Divide_OfAnyModelAndMemory_StaysWithinBothBoundsAndWastesNoWholeBlock()
    {
        var needs = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 40], Gen.Long[64, 1 << 20], Gen.Int[1, 10_000], Gen.Int[1, 100_000], Gen.Int[1, 64])
            .Where(n => n.Item1 + n.Item2 > 0)
            .Select(n => new KvNeeds(n.Item1, n.Item2, n.Item3, 32, n.Item4, n.Item5, n.Item6));
        Gen.Select(needs, Gen.Long[1, 1L << 40]).Sample((model, bytes) =>
        {
            if (bytes < model.BlockBytes * (model.ChunkedLayers + model.FullLayers))
                return;
            var sizes = KvBudget.Divide(model, bytes);
            var most = KvBudget.Most(model);
            var used = KvBudget.Bytes(model, sizes);
            used.ShouldBeLessThanOrEqualTo(bytes);
            sizes.ChunkedBlocks.ShouldBeLessThanOrEqualTo(most.ChunkedBlocks);
            sizes.FullBlocks.ShouldBeLessThanOrEqualTo(most.FullBlocks);
            (sizes.ChunkedBlocks > 0).ShouldBe(model.ChunkedLayers > 0);
            (sizes.FullBlocks > 0).ShouldBe(model.FullLayers > 0);
            if (sizes.FullBlocks < most.FullBlocks)
                (bytes - used).ShouldBeLessThan(model.FullLayers * model.BlockBytes);
            else if (sizes.ChunkedBlocks < most.ChunkedBlocks)
                (bytes - used).ShouldBeLessThan(model.ChunkedLayers * model.BlockBytes);
        });
    }
}
