using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>Whose rows are among some of a step's.</summary>
internal static class StepRequests
{
    /// <summary>The step in the trace of each sampled request with rows there, at most <see cref="StepPlan.SpansMax"/>.</summary>
    /// <param name="rows">Of the step, ascending.</param>
    public static SpanParent[] Among(StepPlan step, ReadOnlySpan<int> rows)
    {
        if (step.Spans is not { } requests)
            return [];
        List<SpanParent>? found = null;
        foreach (var (span, first, count) in requests.AsSpan(0, Math.Min(requests.Length, StepPlan.SpansMax)))
        {
            var next = rows.BinarySearch(first);
            next = next < 0 ? ~next : next;
            if (next < rows.Length && rows[next] < first + count)
                (found ??= []).Add(span);
        }
        return found is null ? [] : [.. found];
    }
}
