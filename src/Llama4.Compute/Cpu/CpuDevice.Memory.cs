using Llama4.Compute.Cpu;

namespace Llama4.Compute;

/// <summary>Tensors, caches and weights: who owns which block, and when it is free again.</summary>
public sealed partial class CpuDevice
{
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
}
