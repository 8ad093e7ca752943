namespace Llama4.Scheduling;

/// <summary>Bytes that the parts of a model take on the host that owns them.</summary>
internal sealed class PartBytes(ModelShape shape, PlanWork work)
{
    /// <summary>In flight at once on a host, so that attention and experts work at the same time.</summary>
    public const int MicroBatches = 2;

    private long BufferRows => (long)Math.Max(work.RowsMax, work.Sequences) * MicroBatches;

    /// <summary>
    /// Buffers of a host with attention: residual, two norms, queries, keys, values, attention's output, scaled, shared, routed, sent and
    /// received rows (12 of hidden size), gate, up and their product.
    /// </summary>
    public long AttentionBuffers => BufferRows * ModelShape.ElementBytes * ((12L * shape.HiddenSize) + (3L * shape.FeedForwardWidth));

    /// <summary>Buffers of a host with experts: rows in and out, gate, up and their product.</summary>
    public long ExpertBuffers => BufferRows * ModelShape.ElementBytes * ((2L * shape.HiddenSize) + (3L * shape.FeedForwardWidth));

    /// <summary>Buffers of a host with a vocabulary: rows before and after the norm, fp32 logits and the copy that sampling changes.</summary>
    public long VocabularyBuffers =>
        (BufferRows * ModelShape.ElementBytes * 2L * shape.HiddenSize) + (2L * work.Sequences * shape.VocabSize * sizeof(float));

    public long Vocabulary => shape.VocabularyBytes;

    public long Kv(int layer) => work.Kv.Bytes(shape.Layers[layer]);

    /// <summary>Weights, keys and values of a layer's attention.</summary>
    public long Attention(int layer) => AttentionWeights(layer) + Kv(layer);

    public long AttentionWeights(int layer) => shape.Layers[layer].AttentionBytes;

    public long Experts(int layer, int count) => shape.Layers[layer].ExpertBytes * count;
}
