using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace Llama4.Compute.Cpu;

/// <summary>
/// One pending await. Pooled: it returns to the pool when its result has been taken and the device has let go of it, so
/// awaiting allocates nothing after warm-up. Both must be over: a result can be taken while the device is still inside the call
/// that set it, which would then wake the next one who rents it. Continuations run on the awaiter's scheduler, never on
/// the device's thread.
/// </summary>
internal sealed class Completion : IValueTaskSource
{
    private readonly ConcurrentBag<Completion> _pool;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _parties;

    private Completion(ConcurrentBag<Completion> pool) => _pool = pool;

    public static Completion Rent(ConcurrentBag<Completion> pool)
    {
        if (!pool.TryTake(out Completion? completion))
        {
            completion = new Completion(pool);
        }

        completion._parties = 2; // the awaiter and the device
        return completion;
    }

    public ValueTask Task => new(this, _core.Version);

    public void Succeed()
    {
        _core.SetResult(true);
        Leave();
    }

    public void Fail(Exception fault)
    {
        _core.SetException(fault);
        Leave();
    }

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            Leave();
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Leave()
    {
        if (Interlocked.Decrement(ref _parties) == 0)
        {
            _core.Reset();
            _pool.Add(this);
        }
    }
}
