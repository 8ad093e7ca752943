using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>
/// A question to experts from another host, on the experts' side: what its rows were run with, and the spans of those of its rows that are followed in full depth. From the question's
/// arrival to its answer. A span links to every sampled request with rows in the batch.
/// </summary>
internal sealed class MergedRun : IDisposable
{
    /// <summary>Links of one span.</summary>
    public const int LinksMax = 32;

    private readonly QuestionSpans? _asked;
    private readonly List<Activity> _spans = [];

    /// <param name="asked">Null where nobody asks for spans.</param>
    public MergedRun(QuestionSpans? asked, HostId host, int layer, int group, int rows)
    {
        _asked = asked;
        foreach (var parent in (asked?.Parents ?? []).Take(StepPlan.SpansMax))
        {
            if (SpanSources.Cluster.Start("8 expert group", parent, kind: ActivityKind.Server) is { } span)
                _spans.Add(span.SetTag(SpanTags.Host, host.Name).SetTag(SpanTags.Layer, layer).SetTag(SpanTags.Group, group).SetTag(SpanTags.Rows, rows));
        }
    }

    /// <summary>Rows that were run together; 0 before.</summary>
    public int Rows { get; private set; }

    /// <summary>A batch starts.</summary>
    /// <param name="batch">Of each question in it; null for those that nobody wants to know of.</param>
    public static void Start(IReadOnlyList<MergedRun?> batch, int rows)
    {
        List<SpanParent>? requests = null;
        foreach (var run in batch)
        {
            if (run is null)
                continue;
            run.Rows = rows;
            if (run._spans.Count == 0)
                continue;
            requests ??= [.. batch.SelectMany(other => other?._asked?.Requests ?? []).Distinct().Take(LinksMax)];
            foreach (var span in run._spans)
            {
                span.SetTag(SpanTags.Merged, rows).SetTag(SpanTags.Questions, batch.Count);
                foreach (var link in SpanSources.LinksTo(requests))
                    span.AddLink(link);
            }
        }
    }

    public void Dispose() => _spans.ForEach(span => span.End());
}
