namespace Llama4.KernelBench;

/// <summary>Whole layers of the shape "mid", as the model enqueues them: decoding with the head, and prefill with attention.</summary>
internal static class LayersBench
{
    public static async Task RunAsync(CpuDevice device, Stopwatches watches)
    {
        BenchShape shape = BenchShape.Mid;
        using var weights = new Weights(device, seed: 1);
        var layers = new BenchLayer[shape.MeasuredLayers];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = await BenchLayer.CreateAsync(device, shape, weights, positions: 16 * 512);
        }

        Matrix head = await weights.MatrixAsync(shape.Vocab, shape.Hidden);
        foreach (int rows in new[] { 1, 16 })
        {
            await DecodeAsync(device, watches, shape, weights, layers, head, rows);
        }

        foreach (int rows in new[] { 512, 2048 })
        {
            await PrefillAsync(device, watches, shape, weights, layers, rows);
        }
    }

    /// <summary>Every row takes another expert: the most weights a step of this size touches.</summary>
    private static async Task DecodeAsync(
        CpuDevice device, Stopwatches watches, BenchShape shape, Weights weights, BenchLayer[] layers, Matrix head, int rows)
    {
        using BenchStep step = BenchStep.Create(device, shape, rows, 128, 1);
        using Tensor input = weights.Rows(rows, shape.Hidden);
        double bytes = shape.Layers * (double)layers[0].TouchedBytes(rows) + head.Bytes;
        Tensor[] experts = [.. Enumerable.Range(0, shape.Experts).Select(first =>
            BenchStep.Upload(device, [.. Enumerable.Range(0, rows).Select(row => (first + row) % shape.Experts)], rows))];
        await watches.ReadAsync($"decode, {rows} sequences, {shape.Layers} layers and head", bytes, call =>
        {
            Tensor hidden = BenchStep.Copy(device, input);
            for (int i = 0; i < shape.Layers; i++)
            {
                hidden = layers[i % layers.Length].Forward(hidden, step, experts[(call * 5 + i * 3) % shape.Experts]);
            }

            using Tensor logits = device.Rent(DType.F32, rows, shape.Vocab);
            device.MatMul(hidden, head, logits);
            hidden.Dispose();
        });
        Array.ForEach(experts, tensor => tensor.Dispose());
    }

    private static async Task PrefillAsync(
        CpuDevice device, Stopwatches watches, BenchShape shape, Weights weights, BenchLayer[] layers, int rows)
    {
        using BenchStep step = BenchStep.Create(device, shape, 1, 0, rows);
        using Tensor input = weights.Rows(rows, shape.Hidden);
        var random = new Random(3);
        using Tensor experts = BenchStep.Upload(device, [.. Enumerable.Range(0, rows).Select(_ => random.Next(shape.Experts))], rows);
        double attention = (double)rows * (rows + 1) / 2 * shape.Attention.QueryWidth * 2;
        await watches.ComputeAsync($"prefill, {rows} rows, one layer with attention", rows * shape.LayerMacs + attention, call =>
            layers[call % layers.Length].Forward(BenchStep.Copy(device, input), step, experts).Dispose());

        using Tensor qkv = weights.Rows(rows, shape.Attention.FusedWidth);
        using Tensor attended = device.Rent(DType.BF16, rows, shape.Attention.QueryWidth);
        await watches.ComputeAsync($"attention, {rows} rows", attention, _ =>
            device.Attention(qkv, shape.Attention, layers[0].Cache, step.Rows, step.Tables, attended));
    }
}
