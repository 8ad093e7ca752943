using System.Diagnostics.Metrics;
using Llama4.Contracts;
using OpenTelemetry.Metrics;

namespace Llama4.Gateway.Telemetry;

/// <summary>Which meters a process tells of, and how many series each of their instruments may have. Buckets are the instruments' own advice.</summary>
public static class MeterSetup
{
    public const string GatewayMeter = SpanSources.GatewayName;

    public const string ClusterMeter = SpanSources.ClusterName;

    /// <summary>Garbage collector, threads, memory and processor time; .NET's own.</summary>
    public const string RuntimeMeter = "System.Runtime";

    /// <summary>Series of an instrument; past it what is new is counted under <c>otel_metric_overflow</c>.</summary>
    public const int SeriesMax = 256;

    /// <summary>Of <see cref="ExpertRows"/>: every expert of 128 in each of 48 layers, and room.</summary>
    public const int ExpertSeriesMax = 8192;

    public const string ExpertRows = "llama4.expert.rows";

    /// <summary>Adds all of this project's meters and the runtime's; exemplars are of the requests that are sampled.</summary>
    public static MeterProviderBuilder AddLlama4Meters(this MeterProviderBuilder metrics) => metrics
        .AddMeter(GatewayMeter, ClusterMeter, RuntimeMeter)
        .SetExemplarFilter(ExemplarFilterType.TraceBased)
        .AddView(Limit);

    /// <summary>Of the runtime's own: Prometheus keeps the ending for histograms, and nobody misses them.</summary>
    private static readonly string[] Counts = ["dotnet.assembly.count", "dotnet.timer.count", "dotnet.process.cpu.count"];

    private static MetricStreamConfiguration Limit(Instrument instrument) => Counts.Contains(instrument.Name)
        ? MetricStreamConfiguration.Drop
        : new() { CardinalityLimit = instrument.Name == ExpertRows ? ExpertSeriesMax : SeriesMax };
}
