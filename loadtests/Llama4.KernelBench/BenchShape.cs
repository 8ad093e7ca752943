namespace Llama4.KernelBench;

/// <summary>The sizes of a model that matter to its kernels.</summary>
/// <param name="MeasuredLayers">Layers held in memory: enough that no cache keeps one until its next turn.</param>
internal sealed record BenchShape(
    string Name, int Hidden, int Heads, int KvHeads, int HeadDim, int Layers, int MeasuredLayers, int Experts, int Intermediate, int SharedIntermediate, int Vocab)
{
    /// <summary>The shape of issue-sized benches: large enough that weights stream from memory.</summary>
    public static BenchShape Mid { get; } = new("mid", 2048, 16, 4, 128, 8, 2, 16, 2048, 2048, 32768);

    /// <summary>The bundled model: everything fits the caches, so the cost of a command itself shows.</summary>
    public static BenchShape Nano { get; } = new("scout-nano", 160, 5, 1, 32, 8, 8, 16, 128, 128, 2048);

    public AttentionShape Attention => new(Heads, KvHeads, HeadDim, 1f / MathF.Sqrt(HeadDim));

    /// <summary>Multiply-adds of one row through one layer's matrices.</summary>
    public double LayerMacs => (double)Hidden * (Attention.FusedWidth + Attention.QueryWidth + Experts)
        + 3.0 * Hidden * (Intermediate + SharedIntermediate);
}
