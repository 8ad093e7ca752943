using System.Collections.Concurrent;
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
}
