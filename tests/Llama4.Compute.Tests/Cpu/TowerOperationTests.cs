namespace Llama4.Compute.Tests.Cpu;

/// <summary>What the vision tower needs beside the text model's operations, against the formula, bit for bit; shapes as in <see cref="RowOperationTests"/>.</summary>
public class TowerOperationTests
{
    [Theory]
    [MemberData(nameof(RowOperationTests.Shapes), MemberType = typeof(RowOperationTests))]
    public Task LayerNorm_OfAnyShape_RoundsOnce(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        // Far from zero: a variance by squares alone would lose its digits.
        float[] x = [.. Samples.Floats(21, rows * width, 3).Select((value, i) => (value + 40 * (i % 2)).As(type))];
        float[] weight = Samples.Floats(22, width, 2).As(type), bias = Samples.Floats(23, width, 2).As(type);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor tw = device.Floats(weight, 1, width, type);
        using Tensor tb = device.Floats(bias, 1, width, type);
        using Tensor y = device.Rent(type, rows, width);
        device.LayerNorm(tx, tw, tb, 1e-5f, y);
        var expected = new float[rows * width];
        for (int r = 0; r < rows; r++)
        {
            float[] row = x.Row(r, width);
            float mean = Sum(row, (sum, value) => sum + value) / width;
            float[] differences = Array.ConvertAll(row, value => value - mean);
            float rest = Sum(differences, (sum, value) => sum + value) / width;
            float squares = Sum(differences, (sum, value) => MathF.FusedMultiplyAdd(value, value, sum)) / width;
            float factor = 1f / MathF.Sqrt(MathF.FusedMultiplyAdd(-rest, rest, squares) + 1e-5f);
            for (int c = 0; c < width; c++)
            {
                expected[r * width + c] = MathF.FusedMultiplyAdd((differences[c] - rest) * factor, weight[c], bias[c]).As(type);
            }
        }

        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {width}]");
    });

    [Theory]
    [MemberData(nameof(RowOperationTests.Shapes), MemberType = typeof(RowOperationTests))]
    public Task AddRow_OfAnyShape_RoundsTheSumOnce(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(24, rows * width), row = Samples.Floats(25, width).As(type);
        using Tensor exact = device.Floats(x, rows, width);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor tr = device.Floats(row, 1, width, type);
        using Tensor y = device.Rent(type, rows, width);
        device.AddRow(exact, tr, y);
        device.AddRow(tx, tr, tx);
        (await device.ReadFloats(y)).ShouldBeBits([.. x.Select((value, i) => (value + row[i % width]).As(type))], $"from F32 to {type} [{rows}, {width}]");
        (await device.ReadFloats(tx)).ShouldBeBits([.. x.As(type).Select((value, i) => (value + row[i % width]).As(type))], "y is x");
    });

    [Theory]
    [MemberData(nameof(RowOperationTests.Shapes), MemberType = typeof(RowOperationTests))]
    public Task Gelu_OfAnyShape_RoundsOnce(int rows, int width) => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(26, rows * width, 8).As(type);
        using Tensor tx = device.Floats(x, rows, width, type);
        using Tensor y = device.Rent(type, rows, width);
        device.Gelu(tx, y);
        device.Gelu(tx, tx);
        float[] expected = Array.ConvertAll(x, value => Gelu.Scalar(value).As(type));
        (await device.ReadFloats(y)).ShouldBeBits(expected, $"{type} [{rows}, {width}]");
        (await device.ReadFloats(tx)).ShouldBeBits(expected, "y is x");
    });

    [Fact]
    public Task Reshape_OfATensor_IsTheSameMemoryInOtherRows() => EveryDevice.Run(async (device, type) =>
    {
        float[] x = Samples.Floats(27, 6 * 8).As(type);
        Tensor tx = device.Floats(x, 6, type);
        using Tensor half = device.View(tx, 2, 4);
        using Tensor wide = device.Reshape(half, 2, 16);
        (wide.Rows, wide.Width, wide.DType).ShouldBe((2, 16, type));
        device.Add(wide, wide, wide);
        tx.Dispose(); // the views keep the memory
        (await device.ReadFloats(half)).ShouldBeBits([.. x.Skip(16).Select(value => value * 2)], "through the rows as they were");
    });

    /// <summary>Sixteen chains over k = lane (mod 16), then a tree of halves.</summary>
    private static float Sum(float[] values, Func<float, float, float> next)
    {
        var sums = new float[16];
        for (int i = 0; i < values.Length; i++)
        {
            sums[i % 16] = next(sums[i % 16], values[i]);
        }

        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                sums[i] += sums[i + half];
            }
        }

        return sums[0];
    }
}
