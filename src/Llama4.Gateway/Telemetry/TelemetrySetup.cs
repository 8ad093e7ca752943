using System.Reflection;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Llama4.Gateway.Telemetry;

/// <summary>
/// Export over OTLP of a process's traces, metrics and logs, as OpenTelemetry's environment variables ask for it; without an endpoint there is none, and nobody listens. For hosts
/// with a gateway and without, one for the process (docs/decisions/traces.md).
/// </summary>
public static class TelemetrySetup
{
    /// <summary>Name of the service where OTEL_SERVICE_NAME gives none.</summary>
    public const string ServiceName = "llama4";

    /// <summary>Share of requests that are sampled where nothing else is said.</summary>
    public const double RatioDefault = 0.01;

    /// <summary>
    /// Spans that wait for the exporter: a token in full depth has some 200 of them through 48 layers, so a few dozen such tokens and all else of five seconds. Some 16 MB. What comes
    /// past it while the collector is slow or away is dropped.
    /// </summary>
    private const int QueueSpansMax = 8192;

    /// <summary>What is left at the end of the process is sent within this, or not at all.</summary>
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);

    /// <summary>Starts what the environment asks for; ended, with what is left, when the result is disposed.</summary>
    /// <exception cref="TelemetryException">The environment says something that cannot be.</exception>
    public static IDisposable Start() => Start(Environment.GetEnvironmentVariable);

    /// <summary>Log records over OTLP too, if the environment asks for that; with the ids of the trace that they were written in.</summary>
    public static ILoggingBuilder AddLlama4Logs(this ILoggingBuilder logging)
    {
        var environment = new OtlpEnvironment("LOGS", Environment.GetEnvironmentVariable);
        return !environment.IsOn ? logging : logging.AddOpenTelemetry(records =>
        {
            records.IncludeFormattedMessage = true;
            records.SetResourceBuilder(Of(ResourceBuilder.CreateEmpty()));
            records.AddOtlpExporter(environment.Apply);
        });
    }

    internal static IDisposable Start(Func<string, string?> read)
    {
        OtlpEnvironment traces = new("TRACES", read), metrics = new("METRICS", read), logs = new("LOGS", read);
        foreach (var signal in (OtlpEnvironment[])[traces, metrics, logs])
        {
            signal.Check();
        }

        return new Running(traces.IsOn ? Traces(traces, read) : null, metrics.IsOn ? Metrics(metrics) : null);
    }

    private static TracerProvider Traces(OtlpEnvironment environment, Func<string, string?> read)
    {
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => Of(resource.Clear()))
            .AddSource(SpanSources.GatewayName, SpanSources.ClusterName)
            .AddOtlpExporter(exporter =>
            {
                environment.Apply(exporter);
                if (string.IsNullOrEmpty(read("OTEL_BSP_MAX_QUEUE_SIZE")))
                {
                    exporter.BatchExportProcessorOptions.MaxQueueSize = QueueSpansMax;
                }
            });
        if (SamplerOf(read) is { } sampler)
        {
            builder.SetSampler(sampler);
        }

        return builder.Build();
    }

    /// <summary>Null where the SDK takes the sampler from the environment.</summary>
    /// <exception cref="TelemetryException">The ratio is none.</exception>
    private static ParentBasedSampler? SamplerOf(Func<string, string?> read)
    {
        var (named, argument) = (read("OTEL_TRACES_SAMPLER"), read("OTEL_TRACES_SAMPLER_ARG"));
        var ratio = RatioDefault;
        if (!string.IsNullOrEmpty(argument) && !(double.TryParse(argument, System.Globalization.CultureInfo.InvariantCulture, out ratio) && ratio is >= 0 and <= 1))
        {
            throw new TelemetryException($"OTEL_TRACES_SAMPLER_ARG: expected a ratio from 0 to 1, found '{argument}'.");
        }

        if (!string.IsNullOrEmpty(named) && !((string[])["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"]).Contains(named))
        {
            throw new TelemetryException($"OTEL_TRACES_SAMPLER: expected always_on, always_off, traceidratio or one of them behind parentbased_, found '{named}'.");
        }

        // A ratio without its number would be the SDK's, which is 1.
        return string.IsNullOrEmpty(named) || (named == "parentbased_traceidratio" && string.IsNullOrEmpty(argument)) ? new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio)) : null;
    }

    private static MeterProvider Metrics(OtlpEnvironment environment) => Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(resource => Of(resource.Clear()))
        .AddLlama4Meters()
        .AddOtlpExporter(environment.Apply)
        .Build();

    /// <summary>Who exports. What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say counts.</summary>
    private static ResourceBuilder Of(ResourceBuilder resource) => resource
        .AddService(
            ServiceName,
            serviceVersion: typeof(TelemetrySetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}")
        .AddAttributes([new("host.name", Environment.MachineName), new("process.pid", Environment.ProcessId)])
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private sealed class Running(TracerProvider? traces, MeterProvider? metrics) : IDisposable
    {
        public void Dispose()
        {
            traces?.Shutdown((int)FlushLimit.TotalMilliseconds);
            traces?.Dispose();
            metrics?.Shutdown((int)FlushLimit.TotalMilliseconds);
            metrics?.Dispose();
        }
    }
}
