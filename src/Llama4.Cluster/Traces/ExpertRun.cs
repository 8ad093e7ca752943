using Llama4.Contracts;

namespace Llama4.Cluster.Traces;

/// <summary>One owner's part in a layer of a step: which host ran its rows, and for how long.</summary>
internal abstract class ExpertRun
{
    /// <summary>Times in microseconds.</summary>
    public abstract Task<(HostId Host, long WireUs, long ExpertUs)> ResultAsync();
}

/// <summary>Experts on this host: the time that their work takes on the device's queue.</summary>
internal sealed class LocalRun(HostId self, QueueMarks marks) : ExpertRun
{
    private Task<long>? _started;
    private Task<long>? _ended;

    /// <summary>The next call enqueues the work.</summary>
    public void Starts() => _started = marks.SetAsync();

    /// <summary>The work is enqueued.</summary>
    public void Ends() => _ended = marks.SetAsync();

    public override async Task<(HostId, long, long)> ResultAsync() => (self, 0, Math.Max(0, await _ended! - await _started!));
}

/// <summary>Experts on another host: the first answer counts, as for its rows.</summary>
internal sealed class RemoteRun(QueueMarks marks) : ExpertRun
{
    private readonly TaskCompletionSource<(HostId, long, long)> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Asks a host, in place of <see cref="IExpertGroupGrain.RunAsync"/>.</summary>
    public async Task<Rows> AskAsync(HostId host, IExpertGroupGrain group, long epoch, Rows question)
    {
        var sent = marks.Now;
        var answer = await group.RunTimedAsync(epoch, question);
        var call = marks.Now - sent;
        var own = Math.Clamp(answer.Us, 0, call);
        _result.TrySetResult((host, call - own, own));
        return answer.Rows;
    }

    public override Task<(HostId, long, long)> ResultAsync() => _result.Task;
}
