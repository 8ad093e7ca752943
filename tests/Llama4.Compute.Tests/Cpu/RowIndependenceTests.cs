namespace Llama4.Compute.Tests.Cpu;

/// <summary>
/// A row's result does not depend, in a single bit, on how many rows come with it, where among them it stands, how
/// many threads there are or which vectors they use.
/// </summary>
public class RowIndependenceTests
{
    private const int Rows = 97;

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F32)]
    public async Task MatMul_WithAnyRowsAround_GivesEachRowTheSameBits(DType storage)
    {
        const int Outputs = 150, Inputs = 1100;
        float[] x = Samples.Floats(1, Rows * Inputs), weights = Samples.Floats(2, Outputs * Inputs);
        float[]? expected = null;
        foreach (InstructionSet set in EveryDevice.Sets)
        {
            foreach (int threads in new[] { 1, 2, 3 })
            {
                await using CpuDevice device = CpuDevice.Create(threads, set);
                using Matrix w = await device.Matrix(weights, Outputs, Inputs, storage);
                using Tensor all = device.Floats(x, Rows);
                using Tensor y = device.Rent(DType.F32, Rows, Outputs);

                // The 1st row alone, the next 2, the next 3, …: every tile shape, each row in one of them.
                for (int first = 0, count = 1; first < Rows; first += count, count++)
                {
                    int taken = Math.Min(count, Rows - first);
                    using Tensor some = device.View(all, first, taken);
                    using Tensor ofSome = device.View(y, first, taken);
                    device.MatMul(some, w, ofSome);
                }

                float[] inPieces = await device.ReadFloats(y);
                expected ??= inPieces;
                inPieces.ShouldBeBits(expected, $"in pieces, {set.Name}, {threads} threads");
                device.MatMul(all, w, y);
                (await device.ReadFloats(y)).ShouldBeBits(expected, $"at once, {set.Name}, {threads} threads");
            }
        }
    }

    [Fact]
    public async Task MatMul_OfEveryCountOfRows_GivesTheFirstRowTheSameBits()
    {
        const int Outputs = 48, Inputs = 600;
        float[] x = Samples.Floats(3, Rows * Inputs), weights = Samples.Floats(4, Outputs * Inputs);
        foreach (int threads in new[] { 1, 2, 3 })
        {
            await using CpuDevice device = CpuDevice.Create(threads);
            using Matrix w = await device.Matrix(weights, Outputs, Inputs);
            using Tensor all = device.Floats(x, Rows);
            using Tensor whole = device.Rent(DType.F32, Rows, Outputs);
            device.MatMul(all, w, whole);
            float[] expected = await device.ReadFloats(whole);
            for (int rows = 1; rows <= Rows; rows++)
            {
                using Tensor some = device.View(all, 0, rows);
                using Tensor y = device.Rent(DType.F32, rows, Outputs);
                device.MatMul(some, w, y);
                (await device.ReadFloats(y)).ShouldBeBits(expected[..(rows * Outputs)], $"{rows} rows, {threads} threads");
            }
        }
    }

    [Fact]
    public async Task GroupedMatMul_WithAnyRowsAround_IsTheSingleProduct()
    {
        const int Outputs = 70, Inputs = 520;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            await using CpuDevice device = CpuDevice.Create(threads);
            using Matrix even = await device.Matrix(Samples.Floats(5, Outputs * Inputs), Outputs, Inputs);
            using Matrix odd = await device.Matrix(Samples.Floats(6, Outputs * Inputs), Outputs, Inputs);
            using Tensor x = device.Floats(Samples.Floats(7, Rows * Inputs), Rows);
            using Tensor experts = device.Integers([.. Enumerable.Range(0, Rows).Select(r => r % 2)], Rows);
            using Tensor order = device.Rent(DType.I32, Rows, 1);
            using Tensor offsets = device.Rent(DType.I32, 1, 3);
            using Tensor y = device.Rent(DType.F32, Rows, Outputs);
            device.GroupRows(experts, 0, 2, order, offsets);
            device.GroupedMatMul(x, [even, odd], order, offsets, gather: true, scatter: true, y);
            float[] grouped = await device.ReadFloats(y);
            for (int r = 0; r < Rows; r++)
            {
                using Tensor row = device.View(x, r, 1);
                using Tensor single = device.View(y, r, 1);
                device.MatMul(row, r % 2 == 0 ? even : odd, single);
            }

            (await device.ReadFloats(y)).ShouldBeBits(grouped, $"{threads} threads");
        }
    }
}
