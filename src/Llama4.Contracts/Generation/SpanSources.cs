using System.Diagnostics;

namespace Llama4.Contracts;

/// <summary>
/// Where spans come from, and how those are made that cover more than one turn or call: they never become <see cref="Activity.Current"/>, since the turn that starts one goes on with
/// other things. Without a listener nothing is made.
/// </summary>
public static class SpanSources
{
    /// <summary>Meters are named as the sources of spans are.</summary>
    public const string GatewayName = "Llama4.Gateway";
    public const string ClusterName = "Llama4.Cluster";

    public static readonly ActivitySource Gateway = new(GatewayName);
    public static readonly ActivitySource Cluster = new(ClusterName);

    /// <param name="parent">Null, or no context, gives no span.</param>
    /// <param name="start">UTC; the default is now.</param>
    /// <param name="links">Those that are no contexts are left out.</param>
    public static Activity? Start(
        this ActivitySource source, string name, SpanParent? parent, DateTime start = default, ActivityKind kind = ActivityKind.Internal, IEnumerable<SpanParent>? links = null)
    {
        if (parent is null || !source.HasListeners() || !parent.TryRead(out var context))
            return null;
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            var span = source.StartActivity(
                kind, context, links: links is null ? null : LinksTo(links), startTime: start == default ? default : new DateTimeOffset(start), name: name);
            return span is { Recorded: true } ? span : null;
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <param name="end">UTC; the default is now.</param>
    public static void End(this Activity span, DateTime end = default)
    {
        if (end != default)
            span.SetEndTime(end > span.StartTimeUtc ? end : span.StartTimeUtc.AddTicks(1)); // a duration of 0 counts as none given
        var current = Activity.Current;
        span.Stop();
        Activity.Current = current;
    }

    /// <summary>Those that are no contexts are left out.</summary>
    public static IEnumerable<ActivityLink> LinksTo(IEnumerable<SpanParent?> spans)
    {
        foreach (var span in spans)
        {
            if (span is not null && span.TryRead(out var context)) // a damaged message may have none
                yield return new ActivityLink(context);
        }
    }
}
