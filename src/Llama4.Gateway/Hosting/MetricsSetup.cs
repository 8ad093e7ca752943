using Llama4.Gateway.Requests;
using Llama4.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Llama4.Gateway.Hosting;

/// <summary>GET /metrics: what the meters of this process say, as Prometheus reads it, written by OpenTelemetry's exporter; with exemplars for who takes OpenMetrics.</summary>
internal static class MetricsSetup
{
    private const string Path = "/metrics";

    /// <summary>What <c>target_info</c> says of this process where the environment (OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME) says nothing; the same as over OTLP.</summary>
    private static readonly string InstanceId = $"{Environment.MachineName}-{Environment.ProcessId}";

    public static IServiceCollection AddLlama4Scraping(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .ConfigureResource(resource => resource.Clear()
                .AddService("llama4", autoGenerateServiceInstanceId: false, serviceInstanceId: InstanceId)
                .AddEnvironmentVariableDetector())
            .AddLlama4Meters()
            .AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false));
        return services;
    }

    public static void MapLlama4Scraping(this WebApplication routes) =>
        routes.MapPrometheusScrapingEndpoint(Path, meterProvider: null, configureBranchedPipeline: scrape => scrape.Use(async (http, next) =>
        {
            if (!HttpMethods.IsGet(http.Request.Method))
            {
                await ErrorBody.SendAsync(http.Response, Endpoints.WrongMethod(http, "GET"), http.RequestAborted);
                return;
            }

            await next(http);
        }), optionsName: null);
}
