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
