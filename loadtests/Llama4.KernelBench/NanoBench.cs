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
            await OperationsAsync(device, watches, shape, weights, layers, step, experts, rows);
        }

        using Tensor one = device.Rent(DType.F32, 1, 16);
        await watches.TimeAsync("one command (add of 16 values)", _ => device.Add(one, one, one), batch: 2000);
        await watches.TimeAsync("enqueue nothing and wait", _ => { });
    }

    /// <summary>The operations one by one; layers take turns, as they do in a step.</summary>
    private static async Task OperationsAsync(
        CpuDevice device, Stopwatches watches, BenchShape shape, Weights weights, BenchLayer[] layers, BenchStep step, Tensor experts, int rows)
    {
        AttentionShape attention = shape.Attention;
        using Tensor hidden = weights.Rows(rows, shape.Hidden);
        using Tensor qkv = weights.Rows(rows, attention.FusedWidth);
        using Tensor attended = weights.Rows(rows, attention.QueryWidth);
        using Tensor gateUp = weights.Rows(rows, 2 * shape.Intermediate);
        using Tensor activated = weights.Rows(rows, shape.Intermediate);
        using Tensor order = device.Rent(DType.I32, rows, 1);
        using Tensor offsets = device.Rent(DType.I32, 1, shape.Experts + 1);
        device.GroupRows(experts, 0, shape.Experts, order, offsets);
        BenchLayer Layer(int call) => layers[call % layers.Length];
        const int Batch = 80;
        await watches.TimeAsync($"  norm x {rows}", call => device.RmsNorm(hidden, Layer(call).InputNorm, 1e-5f, attended), Batch);
        await watches.TimeAsync($"  qkv x {rows}", call => device.MatMul(hidden, Layer(call).Qkv, qkv), Batch);
        await watches.TimeAsync($"  rope x {rows}", _ => device.Rope(qkv, 0, attention.Heads + attention.KvHeads, attention.HeadDim, step.Angles), Batch);
        await watches.TimeAsync($"  write x {rows}", call => device.WriteKv(qkv, attention, Layer(call).Cache, step.Rows, step.Tables), Batch);
        await watches.TimeAsync($"  attention x {rows}", call => device.Attention(qkv, attention, Layer(call).Cache, step.Rows, step.Tables, attended), Batch);
        await watches.TimeAsync($"  shared gate_up x {rows}", call => device.MatMul(hidden, Layer(call).SharedGateUp, gateUp), Batch);
        await watches.TimeAsync($"  swiglu x {rows}", _ => device.SwiGlu(gateUp, activated), Batch);
        await watches.TimeAsync($"  experts' gate_up x {rows}", call => device.GroupedMatMul(hidden, Layer(call).GateUp, order, offsets, true, false, gateUp), Batch);
        await watches.TimeAsync($"  experts' down x {rows}", call => device.GroupedMatMul(activated, Layer(call).Down, order, offsets, false, true, hidden), Batch);
    }
}
