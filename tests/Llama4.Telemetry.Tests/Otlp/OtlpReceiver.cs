using System.Collections.Concurrent;
using Grpc.Core;
using Llama4.Telemetry.Tests.Otlp.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Telemetry.Tests.Otlp;

/// <summary>A collector in the test process: OTLP over gRPC at one port, over HTTP as protobuf at another. It keeps what comes.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    /// <summary>Far beyond the five seconds that an exporter gathers for.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = [];
    private readonly ConcurrentQueue<ReceivedLog> _logs = [];
    private readonly ConcurrentDictionary<string, string> _metrics = [];
    private readonly ConcurrentDictionary<string, int> _calls = [];

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT with the protocol grpc.</summary>
    public string Grpc => _app.Urls.First();

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT with the protocol http/protobuf.</summary>
    public string Http => _app.Urls.Last();

    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    public IReadOnlyList<ReceivedLog> Logs => [.. _logs];

    /// <summary>Names of metrics, with their units.</summary>
    public IReadOnlyDictionary<string, string> Metrics => _metrics;

    /// <summary>How often each way was called: grpc or http, and the signal.</summary>
    public IReadOnlyDictionary<string, int> Calls => _calls;

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc();
        OtlpReceiver? receiver = null;
        builder.Services.AddSingleton(_ => receiver!);
        var app = builder.Build();
        receiver = new OtlpReceiver(app);
        app.MapGrpcService<Traces>();
        app.MapGrpcService<MetricsTaker>();
        app.MapGrpcService<LogsTaker>();
        app.MapPost("/v1/traces", async (HttpRequest request) => receiver.Take("http", TracesRequest.Parser.ParseFrom(await BodyAsync(request))));
        app.MapPost("/v1/metrics", async (HttpRequest request) => receiver.Take("http", MetricsRequest.Parser.ParseFrom(await BodyAsync(request))));
        app.MapPost("/v1/logs", async (HttpRequest request) => receiver.Take("http", LogsRequest.Parser.ParseFrom(await BodyAsync(request))));
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Waits until what has come satisfies.</summary>
    /// <returns>All spans until then.</returns>
    public async Task<IReadOnlyList<ReceivedSpan>> UntilAsync(Func<IReadOnlyList<ReceivedSpan>, bool> isEnough)
    {
        using var end = new CancellationTokenSource(Limit);
        while (!isEnough(Spans))
        {
            if (end.IsCancellationRequested)
            {
                throw new TimeoutException($"The spans that were waited for have not come within {Limit.TotalSeconds} s; there are: {string.Join(", ", Spans.GroupBy(span => span.Name).Select(group => $"{group.Count()} x {group.Key}"))}");
            }

            await Task.Delay(50);
        }

        return Spans;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        request.ContentType.ShouldBe("application/x-protobuf");
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private void Take(string way, TracesRequest request)
    {
        Count(way, "traces");
        foreach (var span in ReceivedSpan.Of(request))
        {
            _spans.Enqueue(span);
        }
    }

    private void Take(string way, MetricsRequest request)
    {
        Count(way, "metrics");
        foreach (var metric in request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics))
        {
            _metrics[metric.Name] = metric.Unit;
        }
    }

    private void Take(string way, LogsRequest request)
    {
        Count(way, "logs");
        foreach (var log in ReceivedLog.Of(request))
        {
            _logs.Enqueue(log);
        }
    }

    private void Count(string way, string signal) => _calls.AddOrUpdate($"{way} {signal}", 1, (_, calls) => calls + 1);

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<Taken> Export(TracesRequest request, ServerCallContext context)
        {
            receiver.Take("grpc", request);
            return Task.FromResult(new Taken());
        }
    }

    private sealed class MetricsTaker(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<Taken> Export(MetricsRequest request, ServerCallContext context)
        {
            receiver.Take("grpc", request);
            return Task.FromResult(new Taken());
        }
    }

    private sealed class LogsTaker(OtlpReceiver receiver) : LogsService.LogsServiceBase
    {
        public override Task<Taken> Export(LogsRequest request, ServerCallContext context)
        {
            receiver.Take("grpc", request);
            return Task.FromResult(new Taken());
        }
    }
}
