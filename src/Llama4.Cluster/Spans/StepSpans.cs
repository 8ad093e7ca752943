using System.Diagnostics;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Spans;

/// <summary>
/// One step as a span in the trace of each sampled request in it, at most <see cref="StepPlan.SpansMax"/>; each links to the others. From its scheduling to the commit of its tokens.
/// </summary>
internal sealed class StepSpans
{
    private readonly List<Part> _parts;

    private StepSpans(List<Part> parts) => _parts = parts;

    /// <summary>Null for a step without sampled requests.</summary>
    /// <param name="scheduling">UTC: when the scheduler was asked for it.</param>
    public static StepSpans? Of(StepPlan step, BatchScheduler scheduler, SequenceSpans sequences, DateTime scheduling)
    {
        if (!sequences.AreOpen)
            return null;
        List<(SequenceSlice Slice, SequenceSpan Sequence, int Draw, int Index)>? sampled = null;
        var draws = 0;
        foreach (var slice in step.Slices)
        {
            draws += slice.LogitRows;
            var draw = slice.Samples ? draws - 1 : -1;
            var view = scheduler.View(slice.Sequence);
            if (sequences.Of(view.Request.Id) is { } sequence && (sampled ??= []).Count < StepPlan.SpansMax)
                sampled.Add((slice, sequence, draw, view.Index));
        }
        if (sampled is null)
            return null;
        var parts = new List<Part>(sampled.Count);
        var scheduled = DateTime.UtcNow;
        foreach (var (slice, sequence, draw, index) in sampled)
        {
            sequence.LeaveQueue();
            var others = sampled.Where(other => other.Sequence != sequence).Select(other => other.Sequence.Request);
            if (SpanSources.Cluster.Start("2 step", sequence.Own, scheduling, links: others) is not { } span)
                continue;
            span.SetTag(SpanTags.Step, step.Step).SetTag(SpanTags.Epoch, step.Epoch).SetTag(SpanTags.Rows, step.Rows).SetTag(SpanTags.OwnRows, slice.Rows).SetTag(SpanTags.Sequences, step.Slices.Length);
            var isDeep = draw >= 0 && FullDepth.Has(index);
            if (draw >= 0)
                span.SetTag(SpanTags.Token, index);
            if (isDeep)
                span.SetTag(SpanTags.IsDeep, true);
            var own = SpanParent.Of(span)!;
            SpanSources.Cluster.Start("3 schedule", own, scheduling)?.End(scheduled);
            parts.Add(new Part(span, own, slice, draw, isDeep));
        }
        return parts.Count == 0 ? null : new StepSpans(parts);
    }

    /// <summary>Tells the step's draws whose they are.</summary>
    /// <returns>The step, told the same; the scheduler goes on with the one that it made.</returns>
    public StepPlan Mark(StepPlan step, TokenDraw[] draws)
    {
        foreach (var part in _parts)
        {
            if (part.Draw >= 0)
                draws[part.Draw] = draws[part.Draw] with { Span = part.Own, IsDeep = part.IsDeep };
        }
        return step with { Spans = [.. _parts.Select(part => new StepSpan(part.Own, part.Slice.FirstRow, part.Slice.Rows))] };
    }

    /// <summary>Its tokens count. Those that are followed in full depth are told so on their way to the client.</summary>
    public void Commit(DrawnToken[] drawn)
    {
        foreach (var part in _parts)
        {
            if (part.IsDeep)
                drawn[part.Draw] = drawn[part.Draw] with { Span = part.Own };
        }
        End();
    }

    /// <summary>It is done again, or its sequences end.</summary>
    public void Fail(Exception failure)
    {
        foreach (var part in _parts)
            part.Span.SetTag("error.type", failure.GetType().FullName).SetStatus(ActivityStatusCode.Error, failure.Message);
        End();
    }

    /// <summary>It was given up, unless it has ended before.</summary>
    public void GiveUp()
    {
        foreach (var part in _parts)
            part.Span.SetStatus(ActivityStatusCode.Error, "the step was given up");
        End();
    }

    private void End()
    {
        _parts.ForEach(part => part.Span.End());
        _parts.Clear();
    }

    private sealed record Part(Activity Span, SpanParent Own, SequenceSlice Slice, int Draw, bool IsDeep);
}
