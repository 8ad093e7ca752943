using System.Diagnostics;
using Llama4.Cluster.Spans;
using Llama4.Contracts;

namespace Llama4.Cluster.Traces;

/// <summary>One owner's part in a layer of a step: which host ran its rows, and for how long.</summary>
internal abstract class ExpertRun
{
    /// <summary>Once the step's stamps are read. Times in microseconds.</summary>
    public abstract (HostId Host, long WireUs, long ExpertUs) Result { get; }
}

/// <summary>Experts on this host: the time that their work takes on the device's queue.</summary>
internal sealed class LocalRun(HostId self, StepStamps stamps) : ExpertRun
{
    private readonly int _started = stamps.Reserve();
    private readonly int _ended = stamps.Reserve();

    public override (HostId, long, long) Result => (self, 0, stamps.Between(_started, _ended));

    /// <summary>Once the step's stamps are read.</summary>
    /// <param name="requests">Whose rows were in it.</param>
    public LocalBatch Batch(SpanParent[] requests) => new(stamps.At(_started), stamps.At(_ended), requests);

    /// <summary>What is enqueued next is the work.</summary>
    public void Start() => stamps.Set(_started);

    /// <summary>The work is enqueued.</summary>
    public void End() => stamps.Set(_ended);
}

/// <summary>Experts on another host: the first answer counts, as for its rows.</summary>
/// <param name="spans">Those of its rows; null for none.</param>
internal sealed class RemoteRun(QuestionSpans? spans) : ExpertRun
{
    private volatile Answer? _first;

    public override (HostId, long, long) Result => (First.Host, First.WireUs, First.ExpertUs);

    /// <summary>Rows that were run together there.</summary>
    public int Merged => First.Merged;

    private Answer First => _first ?? throw new InvalidOperationException("the layer is over, and no host has answered");

    /// <summary>Asks a host, in place of <see cref="IExpertGroupGrain.RunAsync"/>.</summary>
    public async Task<Rows> AskAsync(HostId host, IExpertGroupGrain group, long epoch, Rows question)
    {
        var sent = Stopwatch.GetTimestamp();
        var answer = await group.RunTimedAsync(epoch, question, spans);
        var call = (long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds;
        var own = Math.Clamp(answer.Us, 0, call);
        Interlocked.CompareExchange(ref _first, new Answer(host, call - own, own, answer.Merged), null);
        return answer.Rows;
    }

    private sealed record Answer(HostId Host, long WireUs, long ExpertUs, int Merged);
}
