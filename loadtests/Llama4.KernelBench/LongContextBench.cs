namespace Llama4.KernelBench;

/// <summary>Attention of single rows over thousands of cached positions: bound by reading the cache.</summary>
internal static class LongContextBench
{
    public static async Task RunAsync(CpuDevice device, Stopwatches watches)
    {
        AttentionShape attention = BenchShape.Mid.Attention;
        foreach ((int sequences, int positions) in new[] { (1, 128), (1, 1024), (1, 8192), (1, 65536), (4, 8192), (16, 2048) })
        {
            using var weights = new Weights(device, seed: 4);
            int blocks = positions / KvShape.BlockPositions;
            KvCache[] caches = [.. Enumerable.Range(0, 4).Select(_ => weights.Kv(new KvShape(sequences * blocks, attention.KvHeads, attention.HeadDim, DType.BF16)))];
            using Tensor qkv = weights.Rows(sequences, attention.FusedWidth);
            using Tensor y = device.Rent(DType.BF16, sequences, attention.QueryWidth);
            using BenchStep step = BenchStep.Create(device, BenchShape.Mid, sequences, positions - 1, 1);
            await watches.ReadAsync($"attention, {sequences} sequences at {positions}", caches[0].Bytes, call =>
                device.Attention(qkv, attention, caches[call % caches.Length], step.Rows, step.Tables, y), batch: positions < 4096 ? 20 : 1);
        }
    }
}
