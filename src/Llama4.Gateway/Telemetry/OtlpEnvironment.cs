using System.Globalization;
using OpenTelemetry.Exporter;

namespace Llama4.Gateway.Telemetry;

/// <summary>
/// What OpenTelemetry's environment variables say of one signal's export. The SDK reads most of them by itself; here is what decides whether there is anything to export, and what it
/// would pass over without a word (https://opentelemetry.io/docs/specs/otel/protocol/exporter).
/// </summary>
/// <param name="signal">TRACES, METRICS or LOGS.</param>
/// <param name="read">A variable; null for one that is not set.</param>
internal sealed class OtlpEnvironment(string signal, Func<string, string?> read)
{
    private const string AllEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string AllProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>Nothing is exported, and nothing made for it, unless an endpoint is named.</summary>
    public bool IsOn => Value("OTEL_SDK_DISABLED")?.ToLowerInvariant() != "true" && Value($"OTEL_{signal}_EXPORTER") != "none" && (Endpoint ?? Value(AllEndpoint)) is not null;

    /// <summary>How much waits, how long, and how often it is sent: the SDK takes its own number for what is none.</summary>
    private IEnumerable<string> Numbers =>
    [
        "OTEL_EXPORTER_OTLP_TIMEOUT", $"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT",
        .. signal switch
        {
            "TRACES" => (string[])["OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
            "LOGS" => ["OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"],
            _ => ["OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT"],
        },
    ];

    /// <summary>Of the signal alone; null where there is only one for all.</summary>
    private string? Endpoint => Value($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");

    /// <exception cref="TelemetryException">A value is not what it should be.</exception>
    public void Check()
    {
        foreach (var name in (string[])[AllEndpoint, $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"])
        {
            if (Value(name) is { } endpoint && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            {
                throw new TelemetryException($"{name}: expected an address like http://collector:4317, found '{endpoint}'.");
            }
        }

        foreach (var name in (string[])[AllProtocol, $"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL"])
        {
            _ = Value(name) is { } protocol ? ProtocolOf(name, protocol) : default;
        }

        if (Value($"OTEL_{signal}_EXPORTER") is { } exporter and not ("otlp" or "none"))
        {
            throw new TelemetryException($"OTEL_{signal}_EXPORTER: expected otlp or none, found '{exporter}'.");
        }

        foreach (var name in Numbers)
        {
            if (Value(name) is { } number && !(int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed > 0))
            {
                throw new TelemetryException($"{name}: expected a number from 1, found '{number}'.");
            }
        }

        foreach (var name in (string[])["OTEL_EXPORTER_OTLP_HEADERS", $"OTEL_EXPORTER_OTLP_{signal}_HEADERS"])
        {
            if (Value(name) is { } headers && headers.Split(',').Any(header => header.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                throw new TelemetryException($"{name}: expected NAME=VALUE,..., found something else."); // they may hold a secret
            }
        }
    }

    /// <summary>Sets what is said of this signal alone.</summary>
    public void Apply(OtlpExporterOptions options)
    {
        if (Value($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") is { } protocol)
        {
            options.Protocol = ProtocolOf($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", protocol);
        }

        if (Value($"OTEL_EXPORTER_OTLP_{signal}_HEADERS") is { } headers)
        {
            options.Headers = headers;
        }

        if (Endpoint is { } endpoint)
        {
            options.Endpoint = new Uri(endpoint); // as it is: no path is added to one that is of one signal
        }
    }

    private static OtlpExportProtocol ProtocolOf(string name, string protocol) => protocol switch
    {
        "grpc" => OtlpExportProtocol.Grpc,
        "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
        _ => throw new TelemetryException($"{name}: expected grpc or http/protobuf, found '{protocol}'."),
    };

    private string? Value(string name) => read(name) is { Length: > 0 } value ? value : null;
}

/// <summary>The environment asks for telemetry that cannot be had; the message says why in one line.</summary>
public sealed class TelemetryException(string message) : Exception(message);
