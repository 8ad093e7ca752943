namespace Llama4.Compute.Tests.Cpu;

public class RowMovesTests
{
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 1)]
    [InlineData(7, 15)]
    [InlineData(97, 33)]
    [InlineData(64, 1030)]
    public Task GatherRows_FromATableOfEitherType_CopiesWidensOrRounds(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        foreach (DType tableType in new[] { DType.F32, DType.BF16 })
        {
            const int TableRows = 11;
            float[] table = Samples.Floats(1, TableRows * width).As(tableType);
            int[] indexes = Samples.Integers(2, rows, TableRows);
            using Tensor x = device.Floats(table, TableRows, tableType);
            using Tensor at = device.Rent(DType.I32, rows, 1);
            device.Upload<int>(indexes, at);
            using Tensor y = device.Rent(type, rows, width);
            device.GatherRows(x, at, y);
            (await device.ReadFloats(y)).ShouldBeBits([.. indexes.SelectMany(i => table.Row(i, width).As(type))], $"{tableType} to {type}");
        }
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 15)]
    [InlineData(97, 33)]
    public Task ScatterRows_OfSomeRows_LeavesTheOthers(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(3, rows * width), y = Samples.Floats(4, 2 * rows * width).As(type);
        int[] indexes = [.. Enumerable.Range(0, rows).Select(i => (2 * i + 1) % (2 * rows)).Reverse()];
        using Tensor tx = device.Floats(x, rows);
        using Tensor at = device.Integers(indexes, rows);
        using Tensor ty = device.Floats(y, 2 * rows, type);
        device.ScatterRows(tx, at, ty);
        for (int i = 0; i < rows; i++)
        {
            x.Row(i, width).As(type).CopyTo(y, indexes[i] * width);
        }

        (await device.ReadFloats(ty)).ShouldBeBits(y, $"{type} [{rows}, {width}]");
    });

    [Fact]
    public async Task GatherRows_OfIntegers_CopiesThem()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        using Tensor x = device.Integers([1, 2, 3, 4, int.MinValue, 6], 3);
        using Tensor at = device.Integers([2, 0], 2);
        using Tensor y = device.Rent(DType.I32, 2, 2);
        device.GatherRows(x, at, y);
        (await device.ReadIntegers(y)).ShouldBe([int.MinValue, 6, 1, 2]);
    }

    [Fact]
    public async Task CopyRows_BetweenViews_MovesExactlyThoseRows()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        using Tensor x = device.Floats([.. Enumerable.Range(0, 12).Select(i => (float)i)], 4);
        using Tensor y = device.Floats(new float[15], 5);
        using Tensor middle = device.View(y, 1, 3);
        device.CopyRows(x, 2, middle, 1, 2);
        device.CopyRows(x, 0, middle, 0, 0);
        (await device.ReadFloats(y)).ShouldBe([0, 0, 0, 0, 0, 0, 6, 7, 8, 9, 10, 11, 0, 0, 0]);
    }
}
