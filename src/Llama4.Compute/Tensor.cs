namespace Llama4.Compute;

/// <summary>
/// A [rows, width] array in a device's memory. Opaque: its values may still be pending, and nobody
/// outside the device sees a span of it. Read it with <see cref="IDevice.DownloadAsync"/>.
/// <para>Disposing gives the memory back in queue order: work enqueued before the dispose still
/// sees it, so dispose as soon as the last use is enqueued. One owner disposes, once.</para>
/// </summary>
public abstract class Tensor : IDisposable
{
    public DType DType { get; protected set; }

    public int Rows { get; protected set; }

    public int Width { get; protected set; }

    public long Bytes => (long)Rows * Width * DType.Bytes();

    public abstract void Dispose();

    public override string ToString() => $"{DType} [{Rows}, {Width}]";
}

/// <summary>
/// A weight matrix y = x·Wᵀ, [outputs, inputs], in the device's own layout. Immutable once loaded.
/// </summary>
public abstract class Matrix : IDisposable
{
    public required int Outputs { get; init; }

    public required int Inputs { get; init; }

    /// <summary>How the weights are kept: BF16, or F32 where values must stay exact.</summary>
    public required DType Storage { get; init; }

    /// <summary>Bytes held on the device, padding included.</summary>
    public abstract long Bytes { get; }

    public abstract void Dispose();
}

/// <summary>
/// The keys and values of one layer: blocks of <see cref="KvShape.BlockPositions"/> positions, addressed
/// by block number. What is in a block that was never written is unspecified but finite.
/// </summary>
public abstract class KvCache : IDisposable
{
    public required KvShape Shape { get; init; }

    public abstract long Bytes { get; }

    /// <summary>Bytes of one block as the device lays it out, padding included: what travels when blocks are moved.</summary>
    public abstract int BlockBytes { get; }

    public abstract void Dispose();
}

/// <param name="Blocks">Number of blocks in the pool.</param>
/// <param name="Heads">Key/value heads.</param>
/// <param name="HeadDim">Components of a head; even.</param>
/// <param name="DType">BF16 or F32.</param>
public readonly record struct KvShape(int Blocks, int Heads, int HeadDim, DType DType)
{
    /// <summary>
    /// Positions of one block. 32 = two 16-lane panels of keys: small enough that a short chat wastes little
    /// and shares prefixes, large enough that a block is one run of memory (head 128: 8 KiB of keys).
    /// </summary>
    public const int BlockPositions = 32;

    /// <summary>Bytes of one block: keys and values of all heads.</summary>
    public long BlockBytes => 2L * BlockPositions * Heads * HeadDim * DType.Bytes();
}

/// <param name="Heads">Query heads; query head j reads key/value head j / (Heads / KvHeads).</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Components of a head.</param>
/// <param name="Scale">Factor of the scores, HeadDim^-0.5.</param>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim, float Scale)
{
    /// <summary>Width of a fused projection row: queries, then keys, then values.</summary>
    public int FusedWidth => (Heads + 2 * KvHeads) * HeadDim;

    public int QueryWidth => Heads * HeadDim;

    public int KeyOffset => Heads * HeadDim;

    public int ValueOffset => (Heads + KvHeads) * HeadDim;
}
