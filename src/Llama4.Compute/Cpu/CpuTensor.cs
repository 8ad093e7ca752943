namespace Llama4.Compute.Cpu;

/// <summary>A handle on rows of a <see cref="NativeBlock"/>. Handles are pooled by the device.</summary>
internal sealed unsafe class CpuTensor(CpuDevice device) : Tensor
{
    private int _open;

    public CpuDevice Device { get; } = device;

    public NativeBlock? Block { get; private set; }

    public byte* Data { get; private set; }

    public void Open(NativeBlock block, byte* data, DType type, int rows, int width)
    {
        block.AddHandle();
        Block = block;
        Data = data;
        DType = type;
        Rows = rows;
        Width = width;
        Volatile.Write(ref _open, 1);
    }

    public bool IsOpen => Volatile.Read(ref _open) == 1;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _open, 0) == 0)
        {
            throw new ObjectDisposedException(nameof(Tensor), $"tensor {this} was disposed twice");
        }

        NativeBlock block = Block!;
        Block = null;
        Data = null;
        Device.Release(this, block);
    }
}
