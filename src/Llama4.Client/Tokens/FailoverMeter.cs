using System.Diagnostics.Metrics;

namespace Llama4.Client.Tokens;

/// <summary>Answers that went on with another engine, as the gateway that carries them sees it (docs/decisions/metrics.md).</summary>
internal static class FailoverMeter
{
    private static readonly Meter Meter = new("Llama4.Gateway");

    private static readonly Counter<long> Failovers = Meter.CreateCounter<long>("llama4.failovers", description: "Answers under way that were submitted again, their engine being lost or moved.");

    private static readonly Counter<long> Replayed = Meter.CreateCounter<long>(
        "llama4.replayed.tokens", description: "Tokens of prompts and of answers so far that were submitted again with them, to be computed anew as far as they are not held.");

    private static readonly Histogram<double> Gaps = Meter.CreateHistogram(
        "llama4.failover.gap", "s", "Time from an answer's last token before it was submitted again to its next.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60] });

    /// <summary>An answer was submitted again, and accepted.</summary>
    /// <param name="tokens">Of its prompt, and emitted.</param>
    public static void CountFailover(int tokens)
    {
        Failovers.Add(1);
        Replayed.Add(tokens);
    }

    public static void CountGap(TimeSpan gap) => Gaps.Record(gap.TotalSeconds);
}
