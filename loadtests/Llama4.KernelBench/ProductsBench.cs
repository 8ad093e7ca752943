namespace Llama4.KernelBench;

/// <summary>Single products of the shape "mid", with so many matrices in turn that weights stream from memory.</summary>
internal static class ProductsBench
{
    /// <summary>Bytes between two uses of a matrix: far more than the caches hold.</summary>
    private const long TurnBytes = 160L << 20;

    public static async Task RunAsync(CpuDevice device, Stopwatches watches)
    {
        BenchShape shape = BenchShape.Mid;
        await FewRowsAsync(device, watches, "qkv", shape.Attention.FusedWidth, shape.Hidden);
        await FewRowsAsync(device, watches, "o or down", shape.Hidden, shape.Intermediate);
        await FewRowsAsync(device, watches, "gate_up", 2 * shape.Intermediate, shape.Hidden);
        await FewRowsAsync(device, watches, "lm_head", shape.Vocab, shape.Hidden);
        await ManyRowsAsync(device, watches, "gate_up", 2 * shape.Intermediate, shape.Hidden);
    }

    private static async Task FewRowsAsync(CpuDevice device, Stopwatches watches, string name, int outputs, int inputs)
    {
        using var weights = new Weights(device, seed: 7);
        Matrix[] turns = await TurnsAsync(weights, outputs, inputs);
        foreach (int rows in new[] { 1, 2, 3, 4, 6, 8, 12, 16 })
        {
            using Tensor x = weights.Rows(rows, inputs);
            using Tensor y = device.Rent(DType.BF16, rows, outputs);
            await watches.ReadAsync($"{name} x {rows}", turns[0].Bytes, call => device.MatMul(x, turns[call % turns.Length], y), batch: 4);
        }
    }

    private static async Task ManyRowsAsync(CpuDevice device, Stopwatches watches, string name, int outputs, int inputs)
    {
        using var weights = new Weights(device, seed: 8);
        Matrix[] turns = await TurnsAsync(weights, outputs, inputs);
        foreach (int rows in new[] { 16, 24, 32, 48, 64, 128, 512, 2048 })
        {
            using Tensor x = weights.Rows(rows, inputs);
            using Tensor y = device.Rent(DType.BF16, rows, outputs);
            await watches.ComputeAsync($"{name} x {rows}", (double)rows * outputs * inputs, call => device.MatMul(x, turns[call % turns.Length], y));
        }
    }

    private static async Task<Matrix[]> TurnsAsync(Weights weights, int outputs, int inputs)
    {
        var turns = new Matrix[1 + TurnBytes / (2L * outputs * inputs)];
        for (int i = 0; i < turns.Length; i++)
        {
            turns[i] = await weights.MatrixAsync(outputs, inputs);
        }

        return turns;
    }
}
