using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Llama4.Compute.Cpu;
using Llama4.Compute.Kernels;

namespace Llama4.Compute;

/// <summary>
/// The CPU as a device: one thread takes commands from a bounded queue in order, and workers join it for the
/// commands that are worth it. The same bits on every instruction set and for any number of threads.
/// </summary>
public sealed partial class CpuDevice : IDevice
{
    private readonly Lock _gate = new();
    private readonly CommandQueue _queue = new();
    private readonly ConcurrentBag<Completion> _completions = [];
    private readonly HashSet<NativeBlock> _owned = [];
    private readonly HandlePool _handles;
    private readonly DeviceThread _thread;

    /// <summary>Idle activations: several steps' worth.</summary>
    private readonly BlockPool _pool = new(idleBytesMax: 192L << 20);

    /// <summary>Idle upload buffers: ids, positions and tables of a step are small; rows from other hosts a few MB.</summary>
    private readonly BlockPool _staging = new(idleBytesMax: 32L << 20);

    private bool _closed;

    private CpuDevice(int threads, InstructionSet set)
    {
        _handles = new HandlePool(this);
        _thread = new DeviceThread(_queue, _staging, threads, set);
        Description = new DeviceDescription("cpu", set.Name, threads);
        Threads = threads;
    }

    public DeviceDescription Description { get; }

    internal int Threads { get; }

    /// <summary>Native bytes held: weights, caches and the pool. For accounting and tests.</summary>
    public long NativeBytes
    {
        get
        {
            lock (_gate)
            {
                return _owned.Sum(block => block.Bytes);
            }
        }
    }

    /// <param name="threads">Compute threads; 0 means one per core.</param>
    public static CpuDevice Create(int threads = 0) => Create(threads, InstructionSet.Best);

    internal static CpuDevice Create(int threads, InstructionSet set)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        return new CpuDevice(threads == 0 ? Environment.ProcessorCount : threads, set);
    }

    // ---- memory ----

    public Tensor Rent(DType type, int rows, int width)
    {
        Shapes.RequireExtent(type, rows, width);
        lock (_gate)
        {
            NativeBlock block = _pool.Rent((long)rows * width * type.Bytes());
            return OpenOwned(block, type, rows, width);
        }
    }

    public unsafe Tensor View(Tensor source, int firstRow, int rows)
    {
        lock (_gate)
        {
            CpuTensor whole = Resolve(source);
            Shapes.RequireRows(source, firstRow, rows);
            CpuTensor view = _handles.Rent();
            byte* data = whole.Data + (long)firstRow * whole.Width * whole.DType.Bytes();
            view.Open(whole.Block!, data, whole.DType, rows, whole.Width);
            return view;
        }
    }

    public unsafe Tensor Reshape(Tensor source, int rows, int width)
    {
        Shapes.RequireReshape(source, rows, width);
        lock (_gate)
        {
            CpuTensor whole = Resolve(source);
            CpuTensor view = _handles.Rent();
            view.Open(whole.Block!, whole.Data, whole.DType, rows, width);
            return view;
        }
    }

    public KvCache AllocateKv(KvShape shape)
    {
        Shapes.RequireKv(shape);
        long bytes = shape.Blocks * new KvLayout(shape).BlockBytes(shape.Heads);
        return new CpuKvCache(this, Own(NativeBlock.AllocateZeros(bytes)), shape) { Shape = shape };
    }

    public async ValueTask<Matrix> LoadMatrixAsync(IReadOnlyList<MatrixPart> parts, DType storage, CancellationToken cancellation = default)
    {
        MatrixLoader loader = MatrixLoader.For(parts, storage);
        NativeBlock block = Own(NativeBlock.Allocate(loader.Bytes));
        try
        {
            await Task.Run(() => loader.Load(block, Threads, cancellation), cancellation).ConfigureAwait(false);
            return new CpuMatrix(this, block) { Outputs = loader.Outputs, Inputs = loader.Inputs, Storage = storage };
        }
        catch
        {
            ReleaseBlock(block);
            throw;
        }
    }

    public async ValueTask<Tensor> LoadTableAsync(HostBytes bytes, DType fileType, int rows, int width, DType type, CancellationToken cancellation = default)
    {
        Shapes.RequireExtent(type, rows, width);
        TableLoader loader = TableLoader.For(bytes, fileType, rows, width, type);
        NativeBlock block = Own(NativeBlock.Allocate((long)rows * width * type.Bytes()));
        try
        {
            await Task.Run(() => loader.Load(block, Threads, cancellation), cancellation).ConfigureAwait(false);
            lock (_gate)
            {
                return OpenOwned(block, type, rows, width);
            }
        }
        catch
        {
            ReleaseBlock(block);
            throw;
        }
    }

    internal void Release(CpuTensor handle, NativeBlock block)
    {
        lock (_gate)
        {
            _handles.Return(handle);
            if (block.ReleaseHandle() && !_pool.TryReturn(block))
            {
                FreeInOrder(block);
            }
        }
    }

    internal void ReleaseBlock(NativeBlock block)
    {
        lock (_gate)
        {
            FreeInOrder(block);
        }
    }

    private NativeBlock Own(NativeBlock block)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _owned.Add(block);
        }

        return block;
    }

    private unsafe CpuTensor OpenOwned(NativeBlock block, DType type, int rows, int width)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        _owned.Add(block);
        CpuTensor tensor = _handles.Rent();
        tensor.Open(block, block.Data, type, rows, width);
        return tensor;
    }

    private void FreeInOrder(NativeBlock block)
    {
        if (_owned.Remove(block) && !_closed)
        {
            ref Command command = ref _queue.Next();
            command.Operation = Operation.Free;
            command.Object = block;
            _queue.Publish();
        }
    }

    // ---- transfers ----

    public unsafe void Upload<T>(ReadOnlySpan<T> values, Tensor destination) where T : unmanaged
    {
        Shapes.RequireUpload(values.Length, sizeof(T), destination);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        NativeBlock staging = _staging.Rent(bytes.Length);
        bytes.CopyTo(new Span<byte>(staging.Data, bytes.Length));
        try
        {
            lock (_gate)
            {
                ref Command command = ref Begin(Operation.Upload);
                command.A = new Values(staging.Data, destination.DType, destination.Rows, destination.Width);
                command.B = Use(destination);
                command.Object = staging;
                _queue.Publish();
            }
        }
        catch
        {
            ReturnStaging(staging);
            throw;
        }
    }

    private void ReturnStaging(NativeBlock staging)
    {
        if (!_staging.TryReturn(staging))
        {
            staging.Free();
        }
    }

    public ValueTask DownloadAsync(Tensor source, Memory<byte> destination, CancellationToken cancellation = default)
    {
        Shapes.RequireDownload(source, destination.Length);
        lock (_gate)
        {
            ref Command command = ref Begin(Operation.Download);
            command.A = Use(source);
            command.Destination = destination;
            return Await(ref command, cancellation);
        }
    }

    public unsafe ValueTask DownloadBlocksAsync(KvCache cache, ReadOnlySpan<int> blocks, Memory<byte> destination, CancellationToken cancellation = default)
    {
        CpuKvCache own = Resolve(cache);
        Shapes.RequireBlocks(cache, blocks, destination.Length);
        lock (_gate)
        {
            for (int i = 0; ; i++)
            {
                ref Command command = ref Begin(Operation.Download);
                command.A = BlockOf(own, blocks[i]);
                command.Destination = destination.Slice(i * own.BlockBytes, own.BlockBytes);
                if (i == blocks.Length - 1)
                {
                    return Await(ref command, cancellation);
                }

                _queue.Publish();
            }
        }
    }

    public unsafe void UploadBlocks(ReadOnlySpan<byte> values, KvCache cache, ReadOnlySpan<int> blocks)
    {
        CpuKvCache own = Resolve(cache);
        Shapes.RequireBlocks(cache, blocks, values.Length);
        NativeBlock staging = _staging.Rent(values.Length);
        values.CopyTo(new Span<byte>(staging.Data, values.Length));
        try
        {
            lock (_gate)
            {
                for (int i = 0; i < blocks.Length; i++)
                {
                    bool isLast = i == blocks.Length - 1;
                    ref Command command = ref Begin(isLast ? Operation.Upload : Operation.Copy);
                    command.A = new Values(staging.Data + ((long)i * own.BlockBytes), own.Shape.DType, 1, own.BlockBytes / own.Shape.DType.Bytes());
                    command.B = BlockOf(own, blocks[i]);
                    command.Object = isLast ? staging : null; // given back when the last block is in its place
                    _queue.Publish();
                }
            }
        }
        catch
        {
            ReturnStaging(staging);
            throw;
        }
    }

    /// <summary>The memory of one block as a row of elements.</summary>
    private static unsafe Values BlockOf(CpuKvCache cache, int block) =>
        new(cache.Block.Data + ((long)block * cache.BlockBytes), cache.Shape.DType, 1, cache.BlockBytes / cache.Shape.DType.Bytes());

    public ValueTask SynchronizeAsync(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            return Await(ref Begin(Operation.Complete), cancellation);
        }
    }

    public unsafe void CopyRows(Tensor source, int sourceRow, Tensor destination, int destinationRow, int rows)
    {
        Shapes.RequireSame(source.DType, destination.DType, "types of CopyRows");
        Shapes.RequireSame(source.Width, destination.Width, "widths of CopyRows");
        Shapes.RequireRows(source, sourceRow, rows);
        Shapes.RequireRows(destination, destinationRow, rows);
        lock (_gate)
        {
            ref Command command = ref Begin(Operation.Copy);
            Values from = Use(source);
            Values to = Use(destination);
            command.A = new Values(from.Data + sourceRow * from.RowBytes, from.Type, rows, from.Width);
            command.B = new Values(to.Data + destinationRow * to.RowBytes, to.Type, rows, to.Width);
            _queue.Publish();
        }
    }

    public void Stamp(Tensor y, int row)
    {
        Shapes.Require(y, DType.I32, -1, 2, "y of Stamp");
        Shapes.RequireRows(y, row, 1);
        lock (_gate)
        {
            ref Command command = ref Begin(Operation.Stamp);
            command.A = Use(y);
            command.Int0 = row;
            _queue.Publish();
        }
    }

    private ValueTask Await(ref Command command, CancellationToken cancellation)
    {
        Completion completion = Completion.Rent(_completions);
        ValueTask task = completion.Task;
        command.Completion = completion;
        command.Cancellation = cancellation;
        _queue.Publish();
        return task;
    }

    private ref Command Begin(Operation operation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        ref Command command = ref _queue.Next();
        command.Operation = operation;
        return ref command;
    }

    // ---- handles ----

    private CpuTensor Resolve(Tensor tensor)
    {
        if (tensor is not CpuTensor own || own.Device != this)
        {
            throw new ArgumentException($"{tensor} is not a tensor of this device");
        }

        return own.IsOpen ? own : throw new ObjectDisposedException(nameof(Tensor), $"tensor {tensor} is used after it was disposed");
    }

    private unsafe Values Use(Tensor tensor)
    {
        CpuTensor own = Resolve(tensor);
        return new Values(own.Data, own.DType, own.Rows, own.Width);
    }

    /// <summary>Runs what is queued, then frees everything, including what its owners have not disposed.</summary>
    public async ValueTask DisposeAsync()
    {
        ValueTask drained;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            drained = Await(ref Begin(Operation.Stop), CancellationToken.None);
            _closed = true;
        }

        try
        {
            await drained.ConfigureAwait(false);
        }
        finally
        {
            _thread.Join();
            _queue.Dispose();
            _staging.Clear();
            foreach (NativeBlock block in _owned)
            {
                block.Free();
            }

            _owned.Clear();
        }
    }
}
