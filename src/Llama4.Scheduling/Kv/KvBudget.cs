namespace Llama4.Scheduling;

/// <summary>What KV memory a model can use.</summary>
/// <param name="ChunkedLayers">Layers whose attention is cut into chunks.</param>
/// <param name="FullLayers">Layers that see everything.</param>
/// <param name="BlockBytes">Bytes of one block on one layer.</param>
/// <param name="BlockPositions">Positions of a block.</param>
/// <param name="ChunkPositions">The attention chunk; null when there is none.</param>
/// <param name="ContextMax">Most positions of a sequence.</param>
/// <param name="Sequences">Most sequences at once.</param>
public sealed record KvNeeds(
    int ChunkedLayers, int FullLayers, long BlockBytes, int BlockPositions, int? ChunkPositions, int ContextMax, int Sequences);

/// <summary>
/// Divides KV memory between the two kinds of layers. Both get blocks for the same number of positions, so that a sequence shorter than
/// its attention chunk uses both up alike; no kind gets more than all sequences together can ever use (on chunked layers: a chunk each),
/// and what one cannot use the other gets.
/// </summary>
public static class KvBudget
{
    /// <summary>Block counts that take at most <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">The bytes do not hold a block on every layer; the message says how many would.</exception>
    public static KvSizes Divide(KvNeeds needs, long bytes)
    {
        var perPosition = needs.BlockBytes * (needs.ChunkedLayers + needs.FullLayers);
        var most = Most(needs);
        var even = bytes / perPosition;
        if (even < 1)
            throw new ArgumentException($"KV memory of {bytes} bytes was given; one block on every layer takes {perPosition}.");
        var chunked = needs.ChunkedLayers == 0 ? 0 : Math.Min(even, most.ChunkedBlocks);
        var full = needs.FullLayers == 0 ? 0 : Math.Min((bytes - chunked * needs.ChunkedLayers * needs.BlockBytes) / (needs.FullLayers * needs.BlockBytes), most.FullBlocks);
        if (needs.ChunkedLayers > 0)
            chunked = Math.Min((bytes - full * needs.FullLayers * needs.BlockBytes) / (needs.ChunkedLayers * needs.BlockBytes), most.ChunkedBlocks);
        return most with { ChunkedBlocks = (int)chunked, FullBlocks = (int)full };
    }

    /// <summary>What all sequences can use at most, each as long as the context.</summary>
    public static KvSizes Most(KvNeeds needs)
    {
        var chunked = new BlockLayout(needs.BlockPositions, needs.ChunkPositions);
        var full = new BlockLayout(needs.BlockPositions, null);
        return new KvSizes(
            needs.BlockPositions,
            needs.ChunkPositions,
            needs.ChunkedLayers == 0 ? 0 : Times(chunked.BlocksAtOnce(needs.ContextMax), needs.Sequences),
            needs.FullLayers == 0 ? 0 : Times(full.BlocksAtOnce(needs.ContextMax), needs.Sequences));
    }

    /// <summary>Bytes of these blocks over all layers.</summary>
    public static long Bytes(KvNeeds needs, KvSizes sizes) =>
        needs.BlockBytes * (((long)sizes.ChunkedBlocks * needs.ChunkedLayers) + ((long)sizes.FullBlocks * needs.FullLayers));

    private static int Times(int blocks, int sequences) => (int)Math.Min((long)blocks * sequences, int.MaxValue);
}
