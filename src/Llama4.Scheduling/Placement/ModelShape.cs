namespace Llama4.Scheduling;

/// <summary>What a model needs and does, as far as its placement goes. Weights but the routed experts', rows, keys and values are bf16.</summary>
/// <param name="Layers">In order.</param>
/// <param name="VocabularyBytes">Embedding table, last norm and output matrix.</param>
public sealed record ModelShape(IReadOnlyList<LayerShape> Layers, long VocabularyBytes)
{
    /// <summary>Bytes of a bf16 weight or activation. A row does one multiply-add, 2 FLOPs, with a weight: so a FLOP for each byte.</summary>
    public const int ElementBytes = 2;

    /// <summary>Components of a row.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Widest feed-forward: of an expert, of the shared expert or of a dense layer.</summary>
    public required int FeedForwardWidth { get; init; }

    public required int VocabSize { get; init; }

    /// <summary>The output matrix, which every step that draws tokens reads; of the embedding table it reads a row each.</summary>
    public required long OutputBytes { get; init; }

    public ExpertWeights ExpertType { get; init; } = ExpertWeights.Bf16;

    /// <summary>Bytes that a weight of a routed expert takes, its scale's share included.</summary>
    public double ExpertWeightBytes { get; init; } = ElementBytes;

    /// <summary>FLOPs for each byte of keys and values that a row attends to: two for each element and query head that shares it.</summary>
    public double KvFlopsPerByte { get; init; } = 1;

    /// <summary>A row on the wire, 10,240 bytes for Scout and Maverick.</summary>
    public long RowBytes => (long)HiddenSize * ElementBytes;

    /// <summary>Everything once, without keys and values.</summary>
    public long WeightBytes => VocabularyBytes + Layers.Sum(layer => layer.AttentionBytes + (layer.Experts * layer.ExpertBytes));
}

/// <summary>What the routed experts' weights are kept in.</summary>
public enum ExpertWeights
{
    Bf16,

    /// <summary>E4M3 with a scale for each output channel, as in Meta's Maverick FP8: products run at the device's fp8 rate.</summary>
    Fp8,

    /// <summary>Four bits with a bf16 scale for 128 weights along the input (compressed-tensors W4A16): products run in bf16.</summary>
    Int4,
}

/// <param name="AttentionBytes">All weights of a layer but its routed experts: norms, attention, router, shared expert or dense feed-forward.</param>
/// <param name="Experts">0 on dense layers.</param>
/// <param name="ExpertBytes">Of one expert.</param>
public sealed record LayerShape(long AttentionBytes, int Experts, long ExpertBytes)
{
    /// <summary>Of <see cref="AttentionBytes"/> what runs while the routed experts are away: the shared expert.</summary>
    public long SharedBytes { get; init; }

    /// <summary>Bytes of one position's keys and values.</summary>
    public long KvPositionBytes { get; init; }

    /// <summary>Positions of the chunk that the layer's attention is cut into; null where it sees everything.</summary>
    public int? Chunk { get; init; }

    /// <summary>Positions that a row at the end of this context attends to.</summary>
    public long PositionsSeen(long context) => Math.Min(context, Chunk ?? long.MaxValue);
}
