namespace Llama4.Scheduling;

/// <summary>
/// Which positions share a KV block on one kind of layer. Attention is cut into chunks of <see cref="ChunkPositions"/>; blocks
/// are counted from the start of the chunk, because the device's key indexes are. When the chunk is not a multiple of a block
/// the last block of every chunk is cut short. Layers that see everything have one chunk without end.
/// </summary>
public readonly record struct BlockLayout
{
    /// <param name="blockPositions">Positions a block holds.</param>
    /// <param name="chunkPositions">Positions of an attention chunk; null for one chunk without end.</param>
    public BlockLayout(int blockPositions, int? chunkPositions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockPositions, 1);
        if (chunkPositions is { } chunk)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1, nameof(chunkPositions));
        }

        BlockPositions = blockPositions;
        ChunkPositions = chunkPositions ?? int.MaxValue;
    }

    public int BlockPositions { get; }

    /// <summary><see cref="int.MaxValue"/> where there is no end.</summary>
    public int ChunkPositions { get; }

    /// <summary>First position of the chunk that holds <paramref name="position"/>.</summary>
    public int ChunkStart(int position) => position - position % ChunkPositions;

    /// <summary>First position after the chunk that holds <paramref name="position"/>.</summary>
    public int ChunkEnd(int position) => (int)Math.Min((long)ChunkStart(position) + ChunkPositions, int.MaxValue);

    /// <summary>Whether a block ends exactly before <paramref name="position"/>.</summary>
    public bool EndsBlock(int position) => position > 0 && (position % ChunkPositions) % BlockPositions == 0;

    /// <summary>First position of the block that holds <paramref name="position"/>.</summary>
    public int BlockStart(int position) => position - (position % ChunkPositions) % BlockPositions;

    /// <summary>First position after <paramref name="position"/> at which a block ends.</summary>
    public int NextBlockEnd(int position)
    {
        var start = ChunkStart(position);
        var inChunk = position - start;
        var end = (long)start + (inChunk / BlockPositions + 1L) * BlockPositions;
        return (int)Math.Min(end, ChunkEnd(position));
    }

    /// <summary>Blocks that hold the first <paramref name="positions"/> positions of a chunk.</summary>
    public int BlocksFor(int positions) => (int)(((long)positions + BlockPositions - 1) / BlockPositions);

    /// <summary>Most blocks held at once by a sequence of <paramref name="positions"/> positions.</summary>
    public int BlocksAtOnce(int positions) => BlocksFor(Math.Min(positions, ChunkPositions));

    /// <summary>Most positions a sequence may reach when it holds at most <paramref name="blocks"/> at once.</summary>
    public int PositionsWithin(int blocks) =>
        blocks >= BlocksFor(ChunkPositions) ? int.MaxValue : (int)Math.Min((long)blocks * BlockPositions, int.MaxValue);
}
