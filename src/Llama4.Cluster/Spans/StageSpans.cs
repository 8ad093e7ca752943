using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>A stage's part in a step, in the trace of each sampled request in it: from the rows' coming until the stage is done with the step.</summary>
internal sealed class StageSpans : IDisposable
{
    private readonly List<(SpanParent Step, Activity Span)> _spans;

    private StageSpans(List<(SpanParent Step, Activity Span)> spans) => _spans = spans;

    /// <summary>Null where nobody records any.</summary>
    public static StageSpans? Of(StepPlan step, HostId host, int firstLayer, int layers)
    {
        if (step.Spans is not { } requests || !SpanSources.Cluster.HasListeners())
            return null;
        var spans = new List<(SpanParent, Activity)>(requests.Length);
        foreach (var (parent, _, _) in requests.Take(StepPlan.SpansMax))
        {
            if (SpanSources.Cluster.Start("4 stage", parent) is not { } span)
                continue;
            span.SetTag(SpanTags.Host, host.Name).SetTag(SpanTags.FirstLayer, firstLayer).SetTag(SpanTags.Layers, layers).SetTag(SpanTags.Rows, step.Rows);
            spans.Add((parent, span));
        }
        return spans.Count == 0 ? null : new StageSpans(spans);
    }

    /// <summary>What the layers of a row are below; null for a row of nobody who is sampled here.</summary>
    /// <param name="step">Its <see cref="TokenDraw.Span"/>.</param>
    public SpanParent? Below(SpanParent? step) => step is null ? null : SpanParent.Of(_spans.Find(one => one.Step == step).Span);

    public void Dispose()
    {
        _spans.ForEach(one => one.Span.End());
        _spans.Clear();
    }
}
