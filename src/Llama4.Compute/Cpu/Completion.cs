using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace Llama4.Compute.Cpu;

/// <summary>
/// One pending await. Pooled: it returns to the pool when its result has been taken, so awaiting allocates nothing
/// after warm-up. Continuations run on the awaiter's scheduler, never on the device's thread.
/// </summary>
internal sealed class Completion : IValueTaskSource
{
    private readonly ConcurrentBag<Completion> _pool;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    private Completion(ConcurrentBag<Completion> pool) => _pool = pool;

    public static Completion Rent(ConcurrentBag<Completion> pool) =>
        pool.TryTake(out Completion? completion) ? completion : new Completion(pool);

    public ValueTask Task => new(this, _core.Version);

    public void Succeed() => _core.SetResult(true);

    public void Fail(Exception fault) => _core.SetException(fault);

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _pool.Add(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
