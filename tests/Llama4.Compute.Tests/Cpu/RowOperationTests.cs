namespace Llama4.Compute.Tests.Cpu;

/// <summary>
/// Operations on single rows against their formula, bit for bit: every element is one short fp32 expression.
/// Widths lie around the sixteen lanes, rows around the thresholds at which workers join.
/// </summary>
public class RowOperationTests
{
    public static TheoryData<int, int> Shapes => new()
    {
        { 0, 16 }, { 1, 1 }, { 1, 15 }, { 1, 16 }, { 1, 17 }, { 3, 31 }, { 2, 32 }, { 5, 33 }, { 97, 160 }, { 40, 1030 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public Task Add_OfAnyShape_RoundsTheSumOnce(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] a = Samples.Floats(1, rows * width).As(type), b = Samples.Floats(2, rows * width).As(type);
        using Tensor ta = device.Floats(a, rows, width, type);
        using Tensor tb = device.Floats(b, rows, width, type);
        using Tensor y = device.Rent(type, rows, width);
        device.Add(ta, tb, y);
        device.Add(ta, tb, ta);
        float[] expected = [.. a.Zip(b, (p, q) => (p + q).As(type))];
        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {width}]");
        (await device.ReadFloats(ta)).ShouldBeBits(expected, "y is a");
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public Task SwiGlu_OfAnyShape_RoundsSiluAndTheProduct(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] gateUp = Samples.Floats(3, rows * width * 2, 12).As(type);
        using Tensor x = device.Floats(gateUp, rows, width * 2, type);
        using Tensor y = device.Rent(type, rows, width);
        device.SwiGlu(x, y);
        var expected = new float[rows * width];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < width; c++)
            {
                float gate = gateUp[r * 2 * width + c];
                float silu = (gate / (1f + Exponential.Scalar(-gate))).As(type);
                expected[r * width + c] = (silu * gateUp[r * 2 * width + width + c]).As(type);
            }
        }

        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {width}]");
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public Task RmsNorm_OfAnyShape_CastsBeforeTheWeight(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(4, rows * width, 3).As(type), weight = Samples.Floats(5, width, 2).As(type);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor tw = device.Floats(weight, 1, width, type);
        using Tensor y = device.Rent(type, rows, width);
        device.RmsNorm(tx, tw, 1e-5f, y);
        var expected = new float[rows * width];
        for (int r = 0; r < rows; r++)
        {
            float factor = InverseRoot(x.Row(r, width), 1e-5f);
            for (int c = 0; c < width; c++)
            {
                expected[r * width + c] = ((x[r * width + c] * factor).As(type) * weight[c]).As(type);
            }
        }

        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {width}]");
    });

    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(3, 5, 16)]
    [InlineData(2, 3, 30)]
    [InlineData(97, 6, 32)]
    [InlineData(9, 20, 128)]
    public Task HeadNorm_OfSomeColumns_NormsEachHeadAndLeavesTheRest(int rows, int heads, int headDim) => EveryDevice.Run(async (device, type) =>
    {
        const int Before = 3, After = 5;
        int width = Before + heads * headDim + After;
        float[] x = Samples.Floats(6, rows * width, 3).As(type);
        using Tensor tx = device.Floats(x, rows, width, type);
        device.HeadNorm(tx, Before, heads, headDim, 1e-6f);
        for (int r = 0; r < rows; r++)
        {
            for (int head = 0; head < heads; head++)
            {
                int first = r * width + Before + head * headDim;
                float factor = InverseRoot(x[first..(first + headDim)], 1e-6f);
                for (int c = first; c < first + headDim; c++)
                {
                    x[c] = (x[c] * factor).As(type);
                }
            }
        }

        (await device.ReadFloats(tx)).ShouldBeBits(x, $"{type} {rows} rows of {heads} heads of {headDim}");
    });

    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(3, 5, 18)]
    [InlineData(97, 6, 32)]
    [InlineData(9, 20, 128)]
    public Task Rope_OfSomeColumns_RotatesEachPairAndLeavesTheRest(int rows, int heads, int headDim) => EveryDevice.Run(async (device, type) =>
    {
        const int Before = 2, After = 7;
        int width = Before + heads * headDim + After;
        float[] x = Samples.Floats(7, rows * width, 3).As(type), angles = Samples.Floats(8, rows * headDim);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor ta = device.Floats(angles, rows, headDim);
        device.Rope(tx, Before, heads, headDim, ta);
        for (int r = 0; r < rows; r++)
        {
            for (int i = 0; i < heads * headDim; i += 2)
            {
                int at = r * width + Before + i;
                (float a, float b) = (x[at], x[at + 1]);
                (float cos, float sin) = (angles[r * headDim + i % headDim], angles[r * headDim + i % headDim + 1]);
                x[at] = (a * cos - b * sin).As(type);
                x[at + 1] = (a * sin + b * cos).As(type);
            }
        }

        (await device.ReadFloats(tx)).ShouldBeBits(x, $"{type} {rows} rows of {heads} heads of {headDim}");
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public Task ScaleRows_OfSomeColumns_LeavesTheOthers(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        int first = width / 3, columns = (width + 1) / 2;
        float[] x = Samples.Floats(9, rows * width, 3).As(type), y = Samples.Floats(10, rows * width).As(type);
        float[] scales = Samples.Floats(11, rows);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor ty = device.Floats(y, rows, width, type);
        using Tensor exact = device.Floats(scales, rows, 1);
        using Tensor rounded = device.Floats(scales, rows, 1, type);
        device.ScaleRows(tx, first, columns, exact, ty);
        device.ScaleRows(tx, first, columns, rounded, tx);
        for (int r = 0; r < rows; r++)
        {
            for (int c = first; c < first + columns; c++)
            {
                y[r * width + c] = (x[r * width + c] * scales[r]).As(type);
                x[r * width + c] = (x[r * width + c] * scales[r].As(type)).As(type);
            }
        }

        (await device.ReadFloats(ty)).ShouldBeBits(y, $"{type} [{rows}, {width}]");
        (await device.ReadFloats(tx)).ShouldBeBits(x, "y is x, scales of x's type");
    });

    [Fact]
    public Task RopeAngles_OfFarPositions_AreThoseOfTheFp32Product() => EveryDevice.Run(async (device, _) =>
    {
        int[] positions = [0, 1, 2, 255, 8191, 8192, 1_048_575, 10_000_000];
        float[] frequencies = [1f, 0.7498942f, 1e-3f, 2.1e-7f];
        using Tensor tp = device.Integers(positions, positions.Length);
        using Tensor tf = device.Floats(frequencies, 1);
        using Tensor angles = device.Rent(DType.F32, positions.Length, 2 * frequencies.Length);
        device.RopeAngles(tp, tf, angles);
        float[] found = await device.ReadFloats(angles);
        for (int i = 0; i < found.Length; i += 2)
        {
            float angle = positions[i / 8] * frequencies[i / 2 % 4];
            found[i].ShouldBe((float)Math.Cos(angle), 6e-8, $"cos {angle}");
            found[i + 1].ShouldBe((float)Math.Sin(angle), 6e-8, $"sin {angle}");
        }
    });

    [Fact]
    public Task TemperatureScales_AroundTheFloors_StepWhereTheyShould() => EveryDevice.Run(async (device, _) =>
    {
        int[] positions = [0, 1, 254, 255, 256, 510, 511, 8191, 1_000_000];
        using Tensor tp = device.Integers(positions, positions.Length);
        using Tensor scales = device.Rent(DType.F32, positions.Length, 1);
        device.TemperatureScales(tp, 256, 0.1f, scales);
        float[] found = await device.ReadFloats(scales);
        float[] expected = Array.ConvertAll(positions, p => (float)(Math.Log(Math.Floor((p + 1.0) / 256) + 1) * 0.1f + 1));
        for (int i = 0; i < found.Length; i++)
        {
            found[i].ShouldBe(expected[i], 1.2e-7, $"position {positions[i]}"); // one ulp: two roundings may fall on either side
        }
    });

    /// <summary>1/√(mean(x²) + eps): sixteen chains of fused multiply-adds over x[lane mod 16], then a tree of halves.</summary>
    private static float InverseRoot(float[] x, float eps)
    {
        var sums = new float[16];
        for (int i = 0; i < x.Length; i++)
        {
            sums[i % 16] = MathF.FusedMultiplyAdd(x[i], x[i], sums[i % 16]);
        }

        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                sums[i] += sums[i + half];
            }
        }

        return 1f / MathF.Sqrt(sums[0] / x.Length + eps);
    }
}
