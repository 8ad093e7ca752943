namespace Llama4.Compute.Tests.Cpu;

public class MatMulTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 16, 2 }, { 2, 15, 3 }, { 3, 17, 511 }, { 4, 64, 512 }, { 5, 65, 513 }, { 7, 130, 1024 },
        { 11, 33, 1030 }, { 12, 160, 77 }, { 13, 160, 77 }, { 24, 48, 600 }, { 97, 200, 1100 }, { 200, 31, 40 }, { 0, 16, 16 },
        { 18, 2000, 64 }, { 19, 512, 640 }, { 22, 512, 64 }, { 23, 500, 1030 }, { 54, 512, 64 }, { 114, 300, 600 }, { 115, 300, 600 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task MatMul_OfAnyShape_IsTheBlockedChainBitForBit(int rows, int outputs, int inputs)
    {
        foreach (DType storage in new[] { DType.BF16, DType.F32 })
        {
            foreach (int threads in new[] { 1, 3 })
            {
                await using IDevice device = CpuDevice.Create(threads);
                var random = new Random(rows + outputs * 1000 + inputs);
                float[] x = Floats(random, rows * inputs);
                float[] weights = Floats(random, outputs * inputs);
                using Matrix w = await device.Matrix(weights, outputs, inputs, storage);
                using Tensor tx = rows == 0 ? device.Rent(DType.F32, 0, inputs) : device.Floats(x, rows);
                using Tensor ty = device.Rent(DType.F32, rows, outputs);
                device.MatMul(tx, w, ty);
                float[] y = await device.ReadFloats(ty);
                for (int r = 0; r < rows; r++)
                {
                    for (int o = 0; o < outputs; o++)
                    {
                        float expected = BlockedChain(x.AsSpan(r * inputs, inputs), weights.AsSpan(o * inputs, inputs), storage);
                        y[r * outputs + o].ShouldBe(expected, $"row {r} output {o} {storage}");
                    }
                }
            }
        }
    }

    /// <summary>The order the device promises: chains of fused multiply-adds over 512 inputs, block sums added in order.</summary>
    private static float BlockedChain(ReadOnlySpan<float> x, ReadOnlySpan<float> w, DType storage)
    {
        float total = 0;
        for (int block = 0; block < x.Length; block += 512)
        {
            float sum = 0;
            for (int k = block; k < Math.Min(block + 512, x.Length); k++)
            {
                sum = MathF.FusedMultiplyAdd(x[k], storage == DType.BF16 ? Bf16.RoundTrip(w[k]) : w[k], sum);
            }

            total = block == 0 ? sum : total + sum;
        }

        return total;
    }

    private static float[] Floats(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(random.NextDouble() * 2 - 1);
        }

        return values;
    }
}
