using System.Runtime.InteropServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Testing;

/// <summary>
/// A device that computes nothing and takes the time of one that would: each operation starts when those before it are done and takes
/// what <see cref="SimulatedTimes"/> says, by a clock that all simulated devices share. It holds no weights and no values; downloads give zeros, routers
/// spread rows evenly over experts, and the greatest logit is the first. So a cluster of many large devices fits into one process, and what it shows is what
/// the cluster itself does.
/// </summary>
public sealed partial class SimulatedDevice(ISimulatedClock clock, SimulatedTimes times, string name) : IDevice
{
    /// <summary>I32 tensors up to this width keep their numbers: choices of experts, and places of keys. Wider ones are block tables.</summary>
    private const int NumbersWidthMax = 2;

    /// <summary>The golden ratio's fraction: its multiples fall evenly between 0 and 1, wherever one begins (Weyl's sequence).</summary>
    private const double GoldenFraction = 0.6180339887498949;

    private readonly Lock _gate = new();
    private readonly Stack<SimulatedTensor> _free = [];
    private long _endNs;
    private long _busyNs;
    private long _attentions;
    private long _attentionRows;
    private long _routed;

    public DeviceDescription Description { get; } = new("simulated", name, 1);

    /// <summary>Time that operations took so far, or will have taken when the queue is empty.</summary>
    public TimeSpan Busy => TimeSpan.FromMicroseconds(Volatile.Read(ref _busyNs) / 1000.0);

    /// <summary>Attention operations so far, one for each micro-batch and layer of this host, and the rows in them.</summary>
    public (long Count, long Rows) Attentions
    {
        get
        {
            lock (_gate)
            {
                return (_attentions, _attentionRows);
            }
        }
    }

    // ---- memory ----

    public Tensor Rent(DType type, int rows, int width)
    {
        Shapes.RequireExtent(type, rows, width);
        lock (_gate)
        {
            return (_free.TryPop(out SimulatedTensor? tensor) ? tensor : new SimulatedTensor(this)).Open(type, rows, width);
        }
    }

    public Tensor View(Tensor source, int firstRow, int rows)
    {
        Shapes.RequireRows(source, firstRow, rows);
        SimulatedTensor whole = Own(source);
        var view = (SimulatedTensor)Rent(source.DType, rows, source.Width);
        if (whole.HasNumbers)
        {
            whole.Numbers.Slice(firstRow * source.Width, rows * source.Width).CopyTo(view.Renumber());
        }

        return view;
    }

    public Tensor Reshape(Tensor source, int rows, int width)
    {
        Shapes.RequireReshape(source, rows, width);
        SimulatedTensor whole = Own(source);
        var view = (SimulatedTensor)Rent(source.DType, rows, width);
        if (whole.HasNumbers)
        {
            whole.Numbers.CopyTo(view.Renumber());
        }

        return view;
    }

    public KvCache AllocateKv(KvShape shape)
    {
        Shapes.RequireKv(shape);
        return new SimulatedKvCache(shape);
    }

    public ValueTask<Matrix> LoadMatrixAsync(IReadOnlyList<MatrixPart> parts, DType storage, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult<Matrix>(new SimulatedMatrix(parts.Sum(part => part.Outputs), parts[0].Inputs, storage));
    }

    public ValueTask<Tensor> LoadTableAsync(HostBytes bytes, DType fileType, int rows, int width, DType type, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Rent(type, rows, width));
    }

    internal void Return(SimulatedTensor tensor)
    {
        lock (_gate)
        {
            _free.Push(tensor);
        }
    }

    // ---- transfers ----

    public void Upload<T>(ReadOnlySpan<T> values, Tensor destination) where T : unmanaged
    {
        Shapes.RequireUpload(values.Length, Marshal.SizeOf<T>(), destination);
        SimulatedTensor to = Own(destination);
        if (to.DType == DType.I32 && to.Width <= NumbersWidthMax)
        {
            MemoryMarshal.Cast<T, int>(values).CopyTo(to.Renumber());
        }

        Enqueue(new SimulatedOperation(SimulatedKind.Transfer, destination.Rows, destination.Bytes, 0));
    }

    public ValueTask DownloadAsync(Tensor source, Memory<byte> destination, CancellationToken cancellation = default)
    {
        Shapes.RequireDownload(source, destination.Length);
        SimulatedTensor from = Own(source);
        if (from.HasNumbers)
        {
            MemoryMarshal.AsBytes(from.Numbers).CopyTo(destination.Span);
        }
        else
        {
            destination.Span.Clear();
        }

        return clock.UntilAsync(Enqueue(new SimulatedOperation(SimulatedKind.Transfer, source.Rows, source.Bytes, 0)));
    }

    public ValueTask DownloadBlocksAsync(KvCache cache, ReadOnlySpan<int> blocks, Memory<byte> destination, CancellationToken cancellation = default)
    {
        Shapes.RequireBlocks(cache, blocks, destination.Length);
        destination.Span.Clear();
        return clock.UntilAsync(Enqueue(new SimulatedOperation(SimulatedKind.Transfer, blocks.Length, destination.Length, 0)));
    }

    public void UploadBlocks(ReadOnlySpan<byte> values, KvCache cache, ReadOnlySpan<int> blocks)
    {
        Shapes.RequireBlocks(cache, blocks, values.Length);
        Enqueue(new SimulatedOperation(SimulatedKind.Transfer, blocks.Length, values.Length, 0));
    }

    public ValueTask SynchronizeAsync(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            return clock.UntilAsync(_endNs);
        }
    }

    public void Stamp(Tensor y, int row)
    {
        Shapes.Require(y, DType.I32, -1, 2, nameof(y));
        Shapes.RequireRows(y, row, 1);
        SimulatedTensor to = Own(y);
        if (!to.HasNumbers)
        {
            to.Renumber().Clear();
        }

        lock (_gate)
        {
            MemoryMarshal.Cast<int, long>(to.Renumber())[row] = Math.Max(_endNs, clock.NowNs);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <returns>When it is done.</returns>
    private long Enqueue(in SimulatedOperation operation)
    {
        long takesNs = SimulatedTimes.Nanoseconds(times.Seconds(operation));
        lock (_gate)
        {
            _endNs = Math.Max(_endNs, clock.NowNs) + takesNs;
            _busyNs += takesNs;
            if (operation.Kind == SimulatedKind.Attention)
            {
                _attentions++;
                _attentionRows += operation.Rows;
            }

            return _endNs;
        }
    }

    private SimulatedTensor Own(Tensor tensor) => tensor switch
    {
        SimulatedTensor { IsOpen: true } own when own.Device == this => own,
        SimulatedTensor { IsOpen: false } => throw new ObjectDisposedException(nameof(Tensor), $"tensor {tensor} is used after it was disposed"),
        _ => throw new ArgumentException($"{tensor} is not a tensor of this device"),
    };
}
