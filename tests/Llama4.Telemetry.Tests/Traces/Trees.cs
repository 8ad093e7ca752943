using Llama4.Telemetry.Tests.Otlp;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>What is above and below in a trace.</summary>
internal static class Trees
{
    public static IReadOnlyList<ReceivedSpan> Named(this IEnumerable<ReceivedSpan> spans, string name) => [.. spans.Where(span => span.Name == name)];

    public static IReadOnlyList<ReceivedSpan> Below(this IEnumerable<ReceivedSpan> spans, ReceivedSpan parent) => [.. spans.Where(span => span.Trace == parent.Trace && span.Parent == parent.Id)];

    public static ReceivedSpan Above(this IEnumerable<ReceivedSpan> spans, ReceivedSpan child) => spans.Single(span => span.Trace == child.Trace && span.Id == child.Parent);

    /// <summary>Names from the root down to a span.</summary>
    public static string Path(this IReadOnlyList<ReceivedSpan> spans, ReceivedSpan span)
    {
        var names = new List<string> { span.Name };
        while (spans.SingleOrDefault(other => other.Trace == span.Trace && other.Id == span.Parent) is { } above)
        {
            names.Add(above.Name);
            span = above;
        }

        names.Reverse();
        return string.Join(" > ", names);
    }
}
