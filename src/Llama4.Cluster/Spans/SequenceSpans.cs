using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>
/// The sampled sequences of one engine as spans: each from its submission to its end, and within that its time in the queue. As many as there are open requests. One caller at a time,
/// as the engine.
/// </summary>
internal sealed class SequenceSpans(HostId self, int replica)
{
    private readonly Dictionary<Guid, SequenceSpan> _open = [];

    /// <summary>False: no step has anything to record.</summary>
    public bool AreOpen => _open.Count > 0;

    /// <summary>A request was accepted.</summary>
    /// <param name="inside">Its name in the scheduler.</param>
    public void Add(Guid inside, GenerateRequest request)
    {
        if (SpanSources.Cluster.Start("2 engine", request.Span) is not { } span)
            return;
        span.SetTag(SpanTags.Host, self.Name).SetTag(SpanTags.Replica, replica).SetTag(SpanTags.Prompt, request.Prompt.Length);
        if (request.Emitted.Length > 0)
            span.SetTag(SpanTags.Emitted, request.Emitted.Length); // it was under way on another engine, or on this one before
        var own = SpanParent.Of(span)!;
        _open.Add(inside, new SequenceSpan(span, own, request.Span!, SpanSources.Cluster.Start("2 queue", own)));
    }

    /// <summary>Null for one that is not sampled.</summary>
    public SequenceSpan? Of(Guid inside) => _open.GetValueOrDefault(inside);

    /// <summary>A sequence has ended. Without a reason: it was cancelled, or goes on under another name.</summary>
    public void End(Guid inside, FinishReason finish = FinishReason.Cancelled, string? error = null)
    {
        if (_open.Count > 0 && _open.Remove(inside, out var sequence))
            End(sequence, finish.ToString().ToLowerInvariant(), finish == FinishReason.Error ? error ?? "" : null);
    }

    /// <summary>All end with an error.</summary>
    public void EndAll(string error) => EndAll("error", error);

    /// <summary>All go on with another engine.</summary>
    public void Move() => EndAll("moved", null);

    private void EndAll(string finish, string? error)
    {
        foreach (var sequence in _open.Values)
            End(sequence, finish, error);
        _open.Clear();
    }

    private static void End(SequenceSpan sequence, string finish, string? error)
    {
        sequence.LeaveQueue();
        sequence.Span.SetTag(SpanTags.Finish, finish);
        if (error is not null)
            sequence.Span.SetStatus(ActivityStatusCode.Error, error);
        sequence.Span.End();
    }
}

/// <param name="Own">What its steps are below.</param>
/// <param name="Request">What it is below itself: what steps that it shares with others link to.</param>
internal sealed record SequenceSpan(Activity Span, SpanParent Own, SpanParent Request, Activity? Queue)
{
    private Activity? _queue = Queue;

    /// <summary>It is in a step.</summary>
    public void LeaveQueue()
    {
        _queue?.End();
        _queue = null;
    }
}
