namespace Llama4.KernelBench;

/// <summary>Products with a matrix that stays in the second-level cache: what the tiles reach when memory is no bound.</summary>
internal static class CachedBench
{
    public static async Task RunAsync(CpuDevice device, Stopwatches watches)
    {
        using var weights = new Weights(device, seed: 6);
        Matrix matrix = await weights.MatrixAsync(128, 2048);
        foreach (int rows in new[] { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 96 })
        {
            using Tensor x = weights.Rows(rows, matrix.Inputs);
            using Tensor y = device.Rent(DType.BF16, rows, matrix.Outputs);
            await watches.ComputeAsync(
                $"cached 2048 to 128 x {rows}", (double)rows * matrix.Inputs * matrix.Outputs, _ => device.MatMul(x, matrix, y), batch: 50);
        }
    }
}
