namespace Llama4.Scheduling;

/// <summary>How much KV memory there is and how it is cut.</summary>
/// <param name="BlockPositions">Positions of a block: the device's KvShape.BlockPositions.</param>
/// <param name="ChunkPositions">The model's attention chunk; null when its attention is not cut: then both kinds see everything.</param>
/// <param name="ChunkedBlocks">Blocks in the pool of every layer whose attention is cut; 0 when the model has no such layer.</param>
/// <param name="FullBlocks">Blocks in the pool of every layer that sees everything; 0 when the model has no such layer.</param>
public sealed record KvSizes(int BlockPositions, int? ChunkPositions, int ChunkedBlocks, int FullBlocks);

/// <summary>
/// Block numbers for the two kinds of layers. All layers of one kind use the same block numbers, each in its own memory, so
/// one decision serves them all. A kind without layers has no pool and needs no blocks.
/// </summary>
public sealed class KvMemory
{
    public KvMemory(KvSizes sizes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.ChunkedBlocks, nameof(sizes));
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.FullBlocks, nameof(sizes));
        Chunked = new KvKind(new BlockLayout(sizes.BlockPositions, sizes.ChunkPositions), new KvBlockPool(sizes.ChunkedBlocks));
        Full = new KvKind(new BlockLayout(sizes.BlockPositions, null), new KvBlockPool(sizes.FullBlocks));
        Kinds = [.. new[] { Full, Chunked }.Where(kind => kind.Exists)];
        if (Kinds.Length == 0)
        {
            throw new ArgumentException("Both kinds of layers have 0 KV blocks; at least one must have some.", nameof(sizes));
        }

        PositionsMax = Kinds.Min(kind => kind.Layout.PositionsWithin(kind.Pool.Blocks));
    }

    public KvKind Chunked { get; }

    public KvKind Full { get; }

    /// <summary>The kinds that have layers; at least one.</summary>
    public KvKind[] Kinds { get; }

    /// <summary>Most positions one sequence alone can have in memory; <see cref="int.MaxValue"/> for no bound.</summary>
    public int PositionsMax { get; }

    public int Blocks => Chunked.Pool.Blocks + Full.Pool.Blocks;

    public int BlocksHeld => Chunked.Pool.Held + Full.Pool.Held;

    /// <summary>The complete blocks of both kinds that can be found; of each kind those first that most is lost with.</summary>
    public List<NamedBlock> NamedBlocks() =>
        [.. Kinds.SelectMany(kind => kind.Pool.Named().Select(found => new NamedBlock(kind == Chunked, found.Block, found.Name, found.Naming)))];

    /// <summary>Begins anew with these blocks cached and every other one free. Nobody holds any.</summary>
    public void Restart(IReadOnlyCollection<NamedBlock> contents)
    {
        foreach (var kind in Kinds)
        {
            kind.Pool.Restart([.. contents.Where(block => block.IsChunked == (kind == Chunked)).Select(block => (block.Block, block.Name))]);
        }
    }

    /// <summary>First position after <paramref name="position"/> at which a block of some kind ends.</summary>
    public int NextBlockEnd(int position)
    {
        var end = int.MaxValue;
        foreach (var kind in Kinds)
        {
            end = Math.Min(end, kind.Layout.NextBlockEnd(position));
        }

        return end;
    }

    /// <summary>First position after the attention chunk that holds <paramref name="position"/>: no slice crosses it.</summary>
    public int ChunkEnd(int position)
    {
        var end = int.MaxValue;
        foreach (var kind in Kinds)
        {
            end = Math.Min(end, kind.Layout.ChunkEnd(position));
        }

        return end;
    }
}

/// <summary>One kind of layer: how its positions are cut into blocks, and which blocks there are.</summary>
public sealed record KvKind(BlockLayout Layout, KvBlockPool Pool)
{
    /// <summary>Whether the model has layers of this kind.</summary>
    public bool Exists => Pool.Blocks > 0;
}
