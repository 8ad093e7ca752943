using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Calls;

/// <summary>
/// Calls to other hosts that do not outlive their reason: one is given up as soon as its host is suspected or its plan is not in force any
/// more. What it holds is given back when the runtime is done with it, however late.
/// </summary>
internal sealed class RemoteCalls(PlanBoard board, Links links)
{
    /// <param name="host">Who is asked.</param>
    /// <param name="epoch">Of the plan that the call is made for.</param>
    /// <param name="question">Disposed once the call is over; null for none.</param>
    /// <param name="call">Under way.</param>
    /// <exception cref="HostUnreachableException">The host is suspected.</exception>
    /// <exception cref="StaleEpochException">Another plan is in force here by now.</exception>
    public async Task<T> WatchAsync<T>(HostId host, long epoch, IDisposable? question, Task<T> call)
    {
        try
        {
            _ = links.Observe(host, call);
            while (true)
            {
                var changed = board.Changed;
                if (call.IsCompleted)
                    return await call;
                if (Refusal(host, epoch) is { } refusal)
                    throw refusal;
                await Task.WhenAny(call, changed);
            }
        }
        finally
        {
            if (call.IsCompleted)
                question?.Dispose();
            else
                _ = ForgetAsync(call, question);
        }
    }

    /// <summary>Why a call to this host for this plan makes no sense any more; null while it does.</summary>
    public Exception? Refusal(HostId host, long epoch) =>
        board.IsSuspected(host) ? new HostUnreachableException($"host {host} does not answer")
        : board.Current?.Epoch != epoch ? new StaleEpochException("this host", board.Current?.Epoch ?? 0, epoch)
        : null;

    /// <summary>Nobody waits for it any more; its answer is thrown away, and so is why it failed.</summary>
    public static async Task ForgetAsync<T>(Task<T> call, IDisposable? question)
    {
        await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        question?.Dispose();
        if (call.IsCompletedSuccessfully)
            (call.Result as IDisposable)?.Dispose();
    }
}
