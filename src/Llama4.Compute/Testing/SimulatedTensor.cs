using System.Diagnostics.CodeAnalysis;

namespace Llama4.Compute.Testing;

/// <summary>A tensor without data, but for the numbers that decide what happens next: narrow I32 ones keep theirs.</summary>
internal sealed class SimulatedTensor : Tensor
{
    private int[] _numbers = [];
    private int _open;

    public SimulatedTensor(SimulatedDevice device) => Device = device;

    public SimulatedDevice Device { get; }

    /// <summary>Whether somebody has put numbers in.</summary>
    public bool HasNumbers { get; private set; }

    public ReadOnlySpan<int> Numbers => HasNumbers ? _numbers.AsSpan(0, Rows * Width) : default;

    public bool IsOpen => Volatile.Read(ref _open) == 1;

    public SimulatedTensor Open(DType type, int rows, int width)
    {
        (DType, Rows, Width, HasNumbers) = (type, rows, width, false);
        Volatile.Write(ref _open, 1);
        return this;
    }

    /// <summary>Room for a number of each element.</summary>
    public Span<int> Renumber()
    {
        var count = Rows * Width;
        if (_numbers.Length < count)
        {
            _numbers = new int[count];
        }

        HasNumbers = true;
        return _numbers.AsSpan(0, count);
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _open, 0) == 0)
        {
            throw new ObjectDisposedException(nameof(Tensor), $"tensor {this} was disposed twice");
        }

        Device.Return(this);
    }
}

/// <summary>A weight matrix of which only the size is known.</summary>
internal sealed class SimulatedMatrix : Matrix
{
    [SetsRequiredMembers]
    public SimulatedMatrix(int outputs, int inputs, DType storage) => (Outputs, Inputs, Storage) = (outputs, inputs, storage);

    public override long Bytes => (long)Outputs * Inputs * Storage.Bytes();

    public override void Dispose()
    {
    }
}

/// <summary>Keys and values of which only the size is known.</summary>
internal sealed class SimulatedKvCache : KvCache
{
    [SetsRequiredMembers]
    public SimulatedKvCache(KvShape shape) => Shape = shape;

    public override long Bytes => Shape.Blocks * Shape.BlockBytes;

    public override int BlockBytes => checked((int)Shape.BlockBytes);

    public override void Dispose()
    {
    }
}
