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

    [Theory]
    [InlineData(1, 33, 513)]
    [InlineData(16, 64, 1024)]
    [InlineData(29, 17, 77)]
    public Task MatMul_OfBf16Rows_RoundsTheSumOnce(int rows, int outputs, int inputs) => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(1, rows * inputs).As(DType.BF16), weights = Samples.Floats(2, outputs * inputs);
        using Matrix w = await device.Matrix(weights, outputs, inputs);
        using Tensor tx = device.Floats(x, rows, DType.BF16);
        using Tensor y = device.Rent(type, rows, outputs);
        device.MatMul(tx, w, y);
        float[] expected = [.. Enumerable.Range(0, rows * outputs).Select(i => BlockedChain(
            x.Row(i / outputs, inputs), weights.Row(i % outputs, inputs), DType.BF16).As(type))];
        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {outputs}] over {inputs}");
    });

    [Theory]
    [InlineData(true, false, 2)]
    [InlineData(false, true, 2)]
    [InlineData(true, true, 97)]
    [InlineData(false, false, 40)]
    public Task GroupedMatMul_WithEmptyExperts_IsTheProductOfEachRowsOwn(bool gather, bool scatter, int rows) => EveryDevice.Run(async (device, type) =>
    {
        const int Experts = 7, Outputs = 20, Inputs = 530;
        int[] experts = [.. Samples.Integers(rows, rows, 9).Select(e => e is 0 or 3 or 6 ? 1 : e)]; // 0, 3 and 6 stay empty; 7 and 8 live elsewhere
        float[] x = Samples.Floats(3, rows * Inputs).As(type), before = Samples.Floats(4, rows * Outputs).As(type);
        float[][] weights = [.. Enumerable.Range(0, Experts).Select(e => Samples.Floats(100 + e, Outputs * Inputs))];
        var matrices = new Matrix[Experts];
        for (int e = 0; e < Experts; e++)
        {
            matrices[e] = await device.Matrix(weights[e], Outputs, Inputs);
        }

        using Tensor tx = device.Floats(x, rows, type);
        using Tensor te = device.Integers(experts, rows);
        using Tensor order = device.Rent(DType.I32, rows, 1);
        using Tensor offsets = device.Rent(DType.I32, 1, Experts + 1);
        using Tensor y = device.Floats(before, rows, type);
        device.GroupRows(te, 0, Experts, order, offsets);
        device.GroupedMatMul(tx, matrices, order, offsets, gather, scatter, y);

        int[] owned = [.. Enumerable.Range(0, rows).Where(r => experts[r] < Experts).OrderBy(r => experts[r])];
        for (int i = 0; i < owned.Length; i++)
        {
            float[] from = x.Row(gather ? owned[i] : i, Inputs);
            for (int o = 0; o < Outputs; o++)
            {
                before[(scatter ? owned[i] : i) * Outputs + o] = BlockedChain(from, weights[experts[owned[i]]].Row(o, Inputs), DType.BF16).As(type);
            }
        }

        (await device.ReadFloats(y)).ShouldBeBits(before, $"{type} gather {gather} scatter {scatter}");
        Array.ForEach(matrices, matrix => matrix.Dispose());
    });

    [Fact]
    public async Task LoadMatrix_OfPartsTypesAndLayouts_StacksTheSameWeights()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        const int Inputs = 37;
        float[] first = Samples.Floats(1, 5 * Inputs).As(DType.BF16), second = Samples.Floats(2, 20 * Inputs).As(DType.BF16);
        using var asBf16 = ArrayBytes.Of(Array.ConvertAll(first, Bf16.Round));
        using var transposed = ArrayBytes.Of(Enumerable.Range(0, second.Length).Select(i => second[i % 20 * Inputs + i / 20]).ToArray());
        using Matrix stacked = await device.LoadMatrixAsync(
            [
                new MatrixPart(asBf16, DType.BF16, 5, Inputs, MatrixLayout.OutIn, "first"),
                new MatrixPart(transposed, DType.F32, 20, Inputs, MatrixLayout.InOut, "second"),
            ],
            DType.BF16);
        using Matrix whole = await device.Matrix([.. first, .. second], 25, Inputs);
        using Tensor x = device.Floats(Samples.Floats(3, 2 * Inputs), 2);
        using Tensor a = device.Rent(DType.F32, 2, 25);
        using Tensor b = device.Rent(DType.F32, 2, 25);
        device.MatMul(x, stacked, a);
        device.MatMul(x, whole, b);
        (await device.ReadFloats(a)).ShouldBeBits(await device.ReadFloats(b), "stacked");
    }

    [Fact]
    public async Task LoadMatrix_OfFp16_KeepsItsExactValuesInF32()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        Half[] weights = [(Half)0.1f, Half.Epsilon, Half.MaxValue, (Half)(-3.14f)];
        using var bytes = ArrayBytes.Of(weights);
        using Matrix w = await device.LoadMatrixAsync([new MatrixPart(bytes, DType.F16, 4, 1, MatrixLayout.OutIn, "w")], DType.F32);
        using Tensor one = device.Floats([1], 1);
        using Tensor y = device.Rent(DType.F32, 1, 4);
        device.MatMul(one, w, y);
        (await device.ReadFloats(y)).ShouldBe(Array.ConvertAll(weights, v => (float)v));
    }

    /// <summary>The order the device promises: chains of fused multiply-adds over 512 inputs, block sums added in order.</summary>
    internal static float BlockedChain(ReadOnlySpan<float> x, ReadOnlySpan<float> w, DType storage)
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
