using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Llama4.Gateway.Hosting;

/// <summary>GET /metrics: <see cref="GatewayMetrics"/> as Prometheus reads them, written by OpenTelemetry's exporter.</summary>
internal static class MetricsSetup
{
    private const string Path = "/metrics";

    /// <summary>An engine that does not say within this what it is doing is left out: a scrape must not hang on it.</summary>
    private static readonly TimeSpan EngineLimit = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddLlama4Metrics(this IServiceCollection services)
    {
        services.AddMetrics().AddSingleton<GatewayMetrics>();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .ConfigureResource(resource => resource.Clear().AddService("llama4", autoGenerateServiceInstanceId: false))
            .AddMeter(GatewayMetrics.MeterName)
            .AddView(GatewayMetrics.DurationName, new ExplicitBucketHistogramConfiguration { Boundaries = GatewayMetrics.DurationBuckets })
            .AddPrometheusExporter());
        return services;
    }

    public static void MapLlama4Metrics(this WebApplication routes)
    {
        var metrics = routes.Services.GetRequiredService<GatewayMetrics>();
        var client = routes.Services.GetRequiredService<IGenerationClient>();
        routes.MapPrometheusScrapingEndpoint(Path, meterProvider: null, configureBranchedPipeline: scrape => scrape.Use(async (http, next) =>
        {
            if (!HttpMethods.IsGet(http.Request.Method))
            {
                await ErrorBody.SendAsync(http.Response, Endpoints.WrongMethod(http, "GET"), http.RequestAborted);
                return;
            }

            metrics.See(await StatusAsync(client, http.RequestAborted));
            await next(http);
        }), optionsName: null);
    }

    private static async Task<EngineStatus?> StatusAsync(IGenerationClient client, CancellationToken gone)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(gone);
        limit.CancelAfter(EngineLimit);
        try
        {
            return await client.StatusAsync(limit.Token).AsTask().WaitAsync(limit.Token);
        }
        catch (Exception) when (!gone.IsCancellationRequested)
        {
            return null; // no engine yet, or none just now: the gauges are missing, which a scraper shows
        }
    }
}
