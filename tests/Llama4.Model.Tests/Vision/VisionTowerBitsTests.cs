using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>A tile's rows do not depend, in a single bit, on what it is computed with.</summary>
public class VisionTowerBitsTests
{
    [Theory]
    [InlineData(ComputeMode.Fp32)]
    [InlineData(ComputeMode.Bf16)]
    public async Task Forward_AloneInABatchAndOnMoreThreads_GivesTheSameBits(ComputeMode mode)
    {
        using var golden = new GoldenCase("16-multimodal");
        var pixels = golden.Floats("pixel_values");
        var whole = Bits(await RowsAsync(golden, mode, pixels, tilesAtOnce: 1, threads: 1));

        foreach (var (tilesAtOnce, threads) in new[] { (1, 2), (2, 1), (3, 3), (4, 2), (9, 1) })
            Bits(await RowsAsync(golden, mode, pixels, tilesAtOnce, threads)).ShouldBe(whole, $"{tilesAtOnce} tiles at once, {threads} threads");

        var vision = golden.Checkpoint.Config.Vision!;
        var perTile = whole.Length / 4;
        for (var tile = 0; tile < 4; tile++)
        {
            var alone = await RowsAsync(golden, mode, pixels[(tile * vision.PixelsOfTile)..((tile + 1) * vision.PixelsOfTile)], tilesAtOnce: 4, threads: 1);
            Bits(alone).ShouldBe(whole[(tile * perTile)..((tile + 1) * perTile)], $"tile {tile} alone");
        }
    }

    /// <summary>One cache serves all: two callers on two threads must not mix their keys.</summary>
    [Fact]
    public async Task Forward_OfOverlappingCalls_GivesEachItsOwnRows()
    {
        using var golden = new GoldenCase("16-multimodal");
        await using var device = CpuDevice.Create(2);
        using var tower = await VisionTower.LoadAsync(golden.Checkpoint, device, ComputeMode.Fp32, 1);
        var pixels = golden.Floats("pixel_values");
        var expected = Bits((await RowsAsync(golden, ComputeMode.Fp32, pixels, 1, 1)));

        var calls = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            using var rows = await tower.ForwardAsync(TilePixels.OfValues(tower.Config, pixels));
            return await device.ReadAsync<int>(rows);
        })));

        foreach (var call in calls)
            call.ShouldBe(expected);
    }

    private static async Task<float[][]> RowsAsync(GoldenCase golden, ComputeMode mode, float[] pixels, int tilesAtOnce, int threads)
    {
        await using var device = CpuDevice.Create(threads);
        return (await TowerRun.OfAsync(golden.Checkpoint, device, mode, vision => TilePixels.OfValues(vision, pixels), tilesAtOnce)).Rows;
    }

    private static int[] Bits(float[][] rows) => [.. rows.SelectMany(row => row.Select(BitConverter.SingleToInt32Bits))];
}
