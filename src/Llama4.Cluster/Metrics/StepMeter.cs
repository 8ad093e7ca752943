using System.Diagnostics.Metrics;
using Llama4.Contracts;

namespace Llama4.Cluster.Metrics;

/// <summary>The instruments of steps, shared by the engines of a host (docs/decisions/metrics.md).</summary>
internal sealed class StepMeter
{
    public const string MeterName = SpanSources.ClusterName;

    private static readonly double[] StepSeconds = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4, 8];

    public StepMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        Steps = meter.CreateCounter<long>("llama4.steps", description: "Steps that were committed, by replica.");
        Rows = meter.CreateHistogram("llama4.step.rows", description: "Rows of a step: tokens of prompts and of answers.", advice: Buckets<int>([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]));
        Duration = meter.CreateHistogram("llama4.step.duration", "s", "Time from a step's start to its tokens.", advice: Buckets<double>(StepSeconds));
        Time = meter.CreateCounter<double>("llama4.step.time", "s", "The time of all steps by what it went to, shared out as in the steps that were followed: attention, expert, wire, wait.");
        Standstill = meter.CreateHistogram(
            "llama4.standstill", "s", "How long an engine made no steps between two plans.", advice: Buckets<double>([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]));
    }

    public Counter<long> Steps { get; }

    public Histogram<int> Rows { get; }

    public Histogram<double> Duration { get; }

    public Counter<double> Time { get; }

    public Histogram<double> Standstill { get; }

    private static InstrumentAdvice<T> Buckets<T>(T[] boundaries)
        where T : struct => new() { HistogramBucketBoundaries = boundaries };
}
