using System.Runtime.InteropServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute;

/// <summary>What goes to the device, comes from it and moves on it.</summary>
public sealed partial class CpuDevice
{
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
}
