using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Spans;

/// <summary>
/// One layer of one row that is followed in full depth. Its span, and that of its experts, are made when the layer is enqueued, so that experts elsewhere can be told what they are below;
/// the times are the device's, and are set once they are read.
/// </summary>
internal sealed class LayerSpans
{
    private readonly Activity _layer;
    private readonly Activity? _experts;

    private LayerSpans(Activity layer, Activity? experts) => (_layer, _experts) = (layer, experts);

    /// <summary>What experts elsewhere are below; null on a dense layer.</summary>
    public SpanParent? Experts => SpanParent.Of(_experts);

    /// <summary>Null where nobody records it.</summary>
    /// <param name="stage">What it is below.</param>
    public static LayerSpans? Of(SpanParent? stage, bool isMoe)
    {
        if (SpanSources.Cluster.Start("5 layer", stage) is not { } layer)
            return null;
        return new LayerSpans(layer, isMoe ? SpanSources.Cluster.Start("7 experts", SpanParent.Of(layer)) : null);
    }

    /// <param name="hop">The row's.</param>
    /// <param name="start">UTC: the device comes to the layer.</param>
    /// <param name="attended">Attention is done, on layers with experts the router too.</param>
    /// <param name="ended">The layer is done.</param>
    /// <param name="local">The rows of the expert's group, if it was run in this host.</param>
    /// <param name="rows">Of the step.</param>
    /// <param name="expertRows">Of the step, that chose the same expert.</param>
    /// <param name="merged">Rows that were run together with it by the expert's group.</param>
    public void End(TokenHop hop, DateTime start, DateTime attended, DateTime ended, LocalBatch? local, int rows, int expertRows, int merged)
    {
        _layer.SetStartTime(start);
        Tag(_layer, hop, rows, expertRows, merged);
        if (SpanSources.Cluster.Start("6 attention", SpanParent.Of(_layer), start) is { } attention)
            attention.SetTag(SpanTags.Layer, hop.Layer).End(attended);
        if (hop.Expert is { } expert && _experts is not null)
        {
            _experts.SetStartTime(attended);
            _experts.SetTag(SpanTags.Layer, hop.Layer).SetTag(SpanTags.Host, hop.Host.Name).SetTag(SpanTags.Expert, expert.Best[0].Expert).SetTag(SpanTags.ExpertHost, expert.Host.Name);
            if (local is { } run && SpanSources.Cluster.Start("8 expert group", Experts, run.Start, links: run.Requests) is { } group)
                group.SetTag(SpanTags.Host, expert.Host.Name).SetTag(SpanTags.Layer, hop.Layer).SetTag(SpanTags.Merged, merged).End(run.End);
            _experts.End(ended);
        }
        _layer.End(ended);
    }

    /// <summary>Nobody reads the layer's times any more, unless it has ended: its step failed. What is below it elsewhere has been sent, so it is sent too.</summary>
    public void GiveUp(int layer, HostId host)
    {
        GiveUp(_experts, layer, host);
        GiveUp(_layer, layer, host);
    }

    private static void GiveUp(Activity? span, int layer, HostId host)
    {
        if (span is { IsStopped: false })
            span.SetTag(SpanTags.Layer, layer).SetTag(SpanTags.Host, host.Name).SetStatus(ActivityStatusCode.Error, "the step was given up").End();
    }

    private static void Tag(Activity span, TokenHop hop, int rows, int expertRows, int merged)
    {
        span.SetTag(SpanTags.Layer, hop.Layer).SetTag(SpanTags.Host, hop.Host.Name).SetTag(SpanTags.Rows, rows).SetTag(SpanTags.AttentionUs, hop.AttentionUs);
        if (hop.Expert is not { } expert)
        {
            span.SetTag(SpanTags.FeedForwardUs, hop.FeedForwardUs);
            return;
        }
        span.SetTag(SpanTags.Expert, expert.Best[0].Expert).SetTag(SpanTags.ExpertScore, Math.Round(expert.Best[0].Score, 6)).SetTag(SpanTags.ExpertHost, expert.Host.Name)
            .SetTag(SpanTags.ExpertUs, expert.ExpertUs).SetTag(SpanTags.WireUs, expert.WireUs).SetTag(SpanTags.ExpertRows, expertRows).SetTag(SpanTags.Merged, merged);
    }
}

/// <summary>Rows that an expert group of this host ran together, all of one step.</summary>
/// <param name="Start">UTC.</param>
/// <param name="Requests">The step in the trace of each sampled request with rows among them.</param>
internal sealed record LocalBatch(DateTime Start, DateTime End, SpanParent[] Requests);
