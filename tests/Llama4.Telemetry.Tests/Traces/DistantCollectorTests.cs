using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama4.Gateway.Telemetry;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>A collector that does not answer, or is not there, is nobody's trouble.</summary>
public class DistantCollectorTests
{
    /// <summary>Between two looks come some 100,000 spans of half a kilobyte and more: three times this, if they were kept.</summary>
    private const int GrowthMaxMiB = 48;

    [Fact]
    public async Task Serve_WithACollectorThatNeverAnswers_NeitherGrowsNorHangs()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0); // connections are taken by the system, and nobody reads
        silent.Start();
        await using var server = await ServerProcess.StartAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{silent.LocalEndpoint}",
                ["OTEL_TRACES_SAMPLER"] = "always_on",
                ["LLAMA4_TRACE_TOKENS"] = "1",
                ["DOTNET_GCConserveMemory"] = "7",
                ["DOTNET_GCgen0size"] = "0x400000", // else it follows the processor's cache
            },
            "--port", "0", "--kv-memory", "64MiB");

        await AskAsync(700); // more than the queue holds
        var before = server.ResidentMiB();
        await AskAsync(3000);
        var after = server.ResidentMiB();

        (after - before).ShouldBeLessThan(GrowthMaxMiB);
        (await server.StopAsync()).ShouldBe(0, server.Log);

        async Task AskAsync(int tokens)
        {
            var (_, body) = await server.Http.ChatAsync(tokens, stream: false);
            body.ShouldContain($"\"completion_tokens\":{tokens.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "expected an address like http://collector:4317, found 'collector:4317'")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x", "expected an address like")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "expected grpc or http/protobuf, found 'http/json'")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "2", "expected a ratio from 0 to 1, found '2'")]
    [InlineData("OTEL_TRACES_SAMPLER", "sometimes", "found 'sometimes'")]
    [InlineData("OTEL_TRACES_EXPORTER", "zipkin", "expected otlp or none, found 'zipkin'")]
    [InlineData("OTEL_BSP_MAX_QUEUE_SIZE", "many", "expected a number from 1, found 'many'")]
    [InlineData("OTEL_BSP_SCHEDULE_DELAY", "-1", "expected a number from 1, found '-1'")]
    [InlineData("OTEL_BLRP_MAX_QUEUE_SIZE", "0", "expected a number from 1, found '0'")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0", "expected a number from 1, found '0'")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "1.5", "expected a number from 1, found '1.5'")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "soon", "expected a number from 1, found 'soon'")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "secret", "expected NAME=VALUE,..., found something else")]
    public void Start_OfWhatCannotBe_SaysWhatWasExpected(string name, string value, string message) =>
        Should.Throw<TelemetryException>(() => TelemetrySetup.Start(asked => asked == name ? value : asked == "OTEL_EXPORTER_OTLP_ENDPOINT" ? "http://127.0.0.1:4317" : null))
            .Message.ShouldSatisfyAllConditions(text => text.ShouldStartWith($"{name}: "), text => text.ShouldContain(message));

    [Fact]
    public async Task Serve_OfWhatCannotBe_EndsWithOneLine()
    {
        await using var server = await ServerProcess.StartAsync(new() { ["LLAMA4_TRACE_TOKENS"] = "all" });

        (await server.ExitAsync()).ShouldBe(2);
        server.Log.ShouldContain("error: LLAMA4_TRACE_TOKENS: expected a number of tokens, of which one is followed through all layers, or 0 for none, found 'all'");
    }
}
