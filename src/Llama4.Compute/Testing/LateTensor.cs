namespace Llama4.Compute.Testing;

/// <summary>A handle whose tensor comes to be when the held commands run.</summary>
internal sealed class LateTensor : Tensor
{
    private Tensor? _inner;
    private int _open = 1;

    public LateTensor(LateDevice device, DType type, int rows, int width, SharedMemory? memory = null)
    {
        Device = device;
        DType = type;
        Rows = rows;
        Width = width;
        Memory = memory ?? new SharedMemory(this);
        Memory.Add();
    }

    public LateDevice Device { get; }

    public SharedMemory Memory { get; }

    public bool IsOpen => Volatile.Read(ref _open) == 1;

    public Tensor Inner
    {
        get => _inner ?? throw new InvalidOperationException($"{this} does not exist on the device: an earlier command failed");
        set => _inner = value;
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _open, 0) == 0)
        {
            throw new ObjectDisposedException(nameof(Tensor), $"tensor {this} was disposed twice");
        }

        Device.End(this, Memory.Remove());
    }

    /// <summary>Counts the handles on one piece of memory.</summary>
    /// <param name="whole">The tensor that was rented: it stays on the device until the last view of it ends.</param>
    internal sealed class SharedMemory(LateTensor whole)
    {
        private int _handles;

        public LateTensor Whole { get; } = whole;

        public void Add() => Interlocked.Increment(ref _handles);

        /// <returns>Whether that was the last.</returns>
        public bool Remove() => Interlocked.Decrement(ref _handles) == 0;
    }
}
