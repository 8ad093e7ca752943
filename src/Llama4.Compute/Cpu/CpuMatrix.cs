namespace Llama4.Compute.Cpu;

/// <summary>
/// Panels of 16 outputs. BF16: [panel][k pair][16] 32-bit lanes, the even k in the low half and the odd one in the
/// high half, so that one 64-byte load gives two fp32 vectors by a shift and a mask. F32: [panel][k][16].
/// Outputs are padded to 16 and inputs to 2 with zeros.
/// </summary>
internal sealed class CpuMatrix(CpuDevice device, NativeBlock block) : Matrix
{
    public const int PanelOutputs = 16;

    private int _disposed;

    public NativeBlock Block { get; } = block;

    public CpuDevice Device { get; } = device;

    public bool IsDisposed => Volatile.Read(ref _disposed) == 1;

    public override long Bytes => Block.Bytes;

    public static int Panels(int outputs) => (outputs + PanelOutputs - 1) / PanelOutputs;

    public static int Pairs(int inputs) => (inputs + 1) / 2;

    public static long PanelBytes(int inputs, DType storage) => (long)Pairs(inputs) * 2 * PanelOutputs * storage.Bytes();

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Device.ReleaseBlock(Block);
        }
    }

    public override string ToString() => $"{Storage} matrix [{Outputs}, {Inputs}]";
}
