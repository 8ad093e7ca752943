using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>The drawing of a step's tokens, in the trace of each sampled request that gets one.</summary>
internal static class DrawSpans
{
    /// <summary>Null where nobody records any.</summary>
    public static List<Activity>? Of(TokenDraw[] draws, HostId host)
    {
        List<Activity>? spans = null;
        foreach (var draw in draws)
        {
            if (draw.Span is not null && SpanSources.Cluster.Start("9 draw", draw.Span) is { } span)
                (spans ??= []).Add(span.SetTag(SpanTags.Host, host.Name).SetTag(SpanTags.Rows, draws.Length));
        }
        return spans;
    }

    /// <param name="started">UTC: when the device came to it, where that is known.</param>
    public static void End(this List<Activity> spans, DateTime? started)
    {
        var now = DateTime.UtcNow;
        foreach (var span in spans)
        {
            if (started is { } known && known < now)
                span.SetStartTime(known);
            span.End(now);
        }
    }
}
