namespace Llama4.Cluster.Calls;

/// <summary>
/// Wakes all who wait, again and again. Thread-safe. Nobody is woken on the stack of the one who sets it: continuations go to the thread pool
/// or, where a synchronization context is current, through that and in order - a simulation is one thread and must stay so.
/// </summary>
internal sealed class Signal
{
    private TaskCompletionSource? _next;

    /// <summary>Completes at the next <see cref="Set"/>. Ask for it before looking at what it tells of.</summary>
    public Task Next
    {
        get
        {
            if (Volatile.Read(ref _next) is { } next)
                return next.Task;
            var mine = new TaskCompletionSource(
                SynchronizationContext.Current is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
            return (Interlocked.CompareExchange(ref _next, mine, null) ?? mine).Task;
        }
    }

    public void Set()
    {
        if (Interlocked.Exchange(ref _next, null) is not { } waiting)
            return;
        if (SynchronizationContext.Current is { } context)
            context.Post(static waiting => ((TaskCompletionSource)waiting!).SetResult(), waiting);
        else
            waiting.SetResult();
    }
}
