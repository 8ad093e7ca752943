using System.Diagnostics.Metrics;
using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>Answers that went on with another engine, as the gateways of this process that carry them see it (docs/decisions/metrics.md).</summary>
internal static class FailoverMeter
{
    private static readonly Meter Meter = new(SpanSources.GatewayName);

    private static readonly Histogram<double> Gaps = Meter.CreateHistogram(
        "llama4.failover.gap", "s", "Time from an answer's last token before it was submitted again to its next.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60] });

    private static long _failovers;
    private static long _replayed;

    static FailoverMeter()
    {
        // Observed, so that they are told from 0 on: what has never happened is to be seen too.
        Meter.CreateObservableCounter("llama4.failovers", () => Interlocked.Read(ref _failovers), description: "Answers under way that were submitted again, their engine being lost or moved.");
        Meter.CreateObservableCounter(
            "llama4.replayed.tokens", () => Interlocked.Read(ref _replayed), description: "Tokens of prompts and of answers so far that were submitted again, to be computed anew as far as they are not held.");
    }

    /// <summary>There is a gateway in this process.</summary>
    public static void Begin()
    {
        // The instruments are made by coming here.
    }

    /// <summary>An answer was submitted again, and accepted.</summary>
    /// <param name="tokens">Of its prompt, and emitted.</param>
    public static void CountFailover(int tokens)
    {
        Interlocked.Increment(ref _failovers);
        Interlocked.Add(ref _replayed, tokens);
    }

    public static void CountGap(TimeSpan gap) => Gaps.Record(gap.TotalSeconds);
}
