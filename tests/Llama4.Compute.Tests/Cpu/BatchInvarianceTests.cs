using Llama4.Compute;

namespace Llama4.Compute.Tests.Cpu;

/// <summary>A row's result is the same alone and among others: every number of rows goes through other tiles.</summary>
public class BatchInvarianceTests
{
    private const int Rows = 100;

    /// <summary>Outputs and inputs that make one and several blocks of k, and items of four and of eight panels.</summary>
    [Theory]
    [InlineData(160, 2048, 1)]
    [InlineData(1024, 2048, 1)]
    [InlineData(1024, 272, 2)]
    [InlineData(160, 48, 2)]
    public async Task MatMul_WhenOtherRowsComeAlong_GivesTheSameBits(int inputs, int outputs, int threads)
    {
        await using var device = CpuDevice.Create(threads);
        var random = new Random(1);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        using var matrix = await device.Matrix(Draw(inputs * outputs), outputs, inputs);
        using var x = device.Floats(Draw(Rows * inputs), Rows);
        var alone = new float[Rows][];
        for (var row = 0; row < Rows; row++)
        {
            alone[row] = await ProductAsync(device, x, row, 1, matrix);
        }

        for (var rows = 2; rows <= Rows; rows++)
        {
            var together = await ProductAsync(device, x, 0, rows, matrix);
            for (var row = 0; row < rows; row++)
            {
                together.AsSpan(row * outputs, outputs).SequenceEqual(alone[row]).ShouldBeTrue($"row {row} of {rows}");
            }
        }
    }

    private static async Task<float[]> ProductAsync(CpuDevice device, Tensor x, int first, int rows, Matrix matrix)
    {
        using var some = device.View(x, first, rows);
        using var y = device.Rent(DType.F32, rows, matrix.Outputs);
        device.MatMul(some, matrix, y);
        return await device.ReadFloats(y);
    }
}
