namespace Llama4.KernelBench;

/// <summary>Steps of the bundled model's shape: its weights lie in the caches, so commands and hand-overs show.</summary>
internal static class NanoBench
{
    /// <summary>Steps enqueued before one wait: what the device needs when the host is never late.</summary>
    private const int Ahead = 16;

    public static async Task RunAsync(CpuDevice device, Stopwatches watches)
    {
        BenchShape shape = BenchShape.Nano;
        using var weights = new Weights(device, seed: 5);
        var layers = new BenchLayer[shape.Layers];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = await BenchLayer.CreateAsync(device, shape, weights, positions: 32 * 512);
        }

        Matrix head = await weights.MatrixAsync(shape.Vocab, shape.Hidden);
        foreach (int rows in new[] { 1, 8, 32 })
        {
            using BenchStep step = BenchStep.Create(device, shape, rows, 128, 1);
            using Tensor input = weights.Rows(rows, shape.Hidden);
            using Tensor experts = BenchStep.Upload(device, [.. Enumerable.Range(0, rows).Select(row => row % shape.Experts)], rows);
            void Enqueue(int call)
            {
                Tensor hidden = device.Rent(DType.BF16, rows, shape.Hidden);
                device.CopyRows(input, 0, hidden, 0, rows);
                foreach (BenchLayer layer in layers)
                {
                    hidden = layer.Forward(hidden, step, experts);
                }

                using Tensor logits = device.Rent(DType.F32, rows, shape.Vocab);
                using Tensor ids = device.Rent(DType.I32, rows, 1);
                device.MatMul(hidden, head, logits);
                device.ArgMax(logits, ids);
                hidden.Dispose();
            }

            await watches.TimeAsync($"scout-nano step, {rows} rows, enqueued ahead", Enqueue, Ahead);
            await watches.TimeAsync($"scout-nano step, {rows} rows, awaited", Enqueue);
        }

        using Tensor one = device.Rent(DType.F32, 1, 16);
        await watches.TimeAsync("one command (add of 16 values)", _ => device.Add(one, one, one), batch: 2000);
        await watches.TimeAsync("enqueue nothing and wait", _ => { });
    }
}
