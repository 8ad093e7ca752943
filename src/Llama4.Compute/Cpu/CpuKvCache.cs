namespace Llama4.Compute.Cpu;

/// <summary>
/// Blocks of 32 positions, each [head][keys then values]. Keys: two panels of 16 positions, [head component pair][16];
/// values: panels of 16 components, [position pair][16]: the formats of <see cref="CpuMatrix"/>, so that both products
/// of attention use its micro-kernels. Zero at first: stale memory may be multiplied by zero, never by NaN.
/// </summary>
internal sealed unsafe class CpuKvCache(CpuDevice device, NativeBlock block, KvShape shape) : KvCache
{
    private int _disposed;

    public NativeBlock Block { get; } = block;

    public CpuDevice Device { get; } = device;

    public bool IsDisposed => Volatile.Read(ref _disposed) == 1;

    public KvLayout Layout { get; } = new(shape);

    public override long Bytes => Block.Bytes;

    public override int BlockBytes => checked((int)Layout.BlockBytes(Shape.Heads));

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Device.ReleaseBlock(Block);
        }
    }
}

/// <summary>Where keys and values lie inside a cache, in bytes.</summary>
internal readonly struct KvLayout(KvShape shape)
{
    public readonly int ElementBytes = shape.DType.Bytes();
    public readonly int ValuePanels = (shape.HeadDim + 15) / 16;

    /// <summary>One panel of 16 positions of keys.</summary>
    public readonly long KeyPanelBytes = CpuMatrix.PanelBytes(shape.HeadDim, shape.DType);

    /// <summary>One panel of 16 components over the block's 32 positions.</summary>
    public readonly long ValuePanelBytes = CpuMatrix.PanelBytes(KvShape.BlockPositions, shape.DType);

    public long KeyBytes => 2 * KeyPanelBytes;

    public long HeadBytes => KeyBytes + ValuePanels * ValuePanelBytes;

    public long BlockBytes(int heads) => heads * HeadBytes;
}
