using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Console;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Live;
using Llama4.Gateway.OpenApi;
using Llama4.Gateway.Pictures;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Responses;
using Llama4.Gateway.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llama4.Gateway;

/// <summary>
/// Puts the gateway into a host that also registers an <see cref="Llama4.Contracts.IGenerationClient"/>:
/// <code>
/// builder.WebHost.UseLlama4Kestrel(bind, port, options.Limits);
/// builder.Services.AddLlama4Gateway(options);
/// var app = builder.Build();
/// app.MapLlama4Gateway();
/// var address = await app.StartLlama4Async(bind, port); // throws ListenException, one line
/// </code>
/// </summary>
public static class GatewaySetup
{
    /// <summary>Registers the endpoints, the readiness probe (one token asked of the cluster after start) and the graceful shutdown.</summary>
    public static IServiceCollection AddLlama4Gateway(this IServiceCollection services, GatewayOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.ModelIds.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ContextTokensMax, 2);

        // The host waits for shutdown's own steps, and 5 s more for its other services.
        var shutdown = options.Limits.ShutdownLimit + options.Limits.ShutdownGrace + TimeSpan.FromSeconds(5);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = host.ShutdownTimeout > shutdown ? host.ShutdownTimeout : shutdown);
        return services
            .AddSingleton(options)
            .AddLlama4Keys()
            .AddLlama4Cors(options.CorsOrigins)
            .AddLlama4Scraping()
            .AddSingleton<GatewayMetrics>()
            .AddSingleton<RequestGate>()
            .AddSingleton<Readiness>()
            .AddSingleton<Endpoints>()
            .AddSingleton<GuardedEndpoint>()
            .AddSingleton(new TokenNames(options.Tokenizer))
            .AddSingleton<ChatAnswerFormat>()
            .AddSingleton<TextAnswerFormat>()
            .AddSingleton<ContentLog>()
            .AddSingleton<TracedAnswers>()
            .AddSingleton<AnswerStart>()
            .AddSingleton<AnswerRunner>()
            .AddSingleton<BodyBudget>()
            .AddSingleton<PictureFetch>()
            .AddSingleton<PictureFiles>()
            .AddSingleton<ChatRequestReader>()
            .AddSingleton<ChatCompletionsEndpoint>()
            .AddSingleton<CompletionsEndpoint>()
            .AddSingleton<ResponsesEndpoint>()
            .AddSingleton<TokenizeEndpoint>()
            .AddSingleton<DetokenizeEndpoint>()
            .AddSingleton<ApplyTemplateEndpoint>()
            .AddApiDocument(options.ModelIds[0])
            .AddHostedService<ReadinessProbe>()
            .AddHostedService<GracefulShutdown>();
    }

    /// <summary>
    /// Maps the OpenAI endpoints, the live feed where an <see cref="IClusterWatch"/> is registered, health, and an answer for every other path.
    /// Where there are keys, all but AllowAnonymous() ask for one.
    /// </summary>
    public static void MapLlama4Gateway(this WebApplication routes)
    {
        routes.UseLlama4Cors();
        routes.UseLlama4Keys();
        var services = routes.Services;
        var guard = services.GetRequiredService<GuardedEndpoint>();
        var endpoints = services.GetRequiredService<Endpoints>();

        // Paths take every method, so that the wrong one gets an error body too.
        routes.Map("/v1/chat/completions", guard.Post("chat", services.GetRequiredService<ChatCompletionsEndpoint>().ServeAsync));
        routes.Map("/v1/completions", guard.Post("completions", services.GetRequiredService<CompletionsEndpoint>().ServeAsync));
        routes.Map("/v1/responses", guard.Post("responses", services.GetRequiredService<ResponsesEndpoint>().ServeAsync));
        routes.Map("/tokenize", guard.Post("tokenize", services.GetRequiredService<TokenizeEndpoint>().ServeAsync));
        routes.Map("/detokenize", guard.Post("detokenize", services.GetRequiredService<DetokenizeEndpoint>().ServeAsync));
        routes.Map("/apply-template", guard.Post("apply-template", services.GetRequiredService<ApplyTemplateEndpoint>().ServeAsync));
        routes.Map("/v1/models", (RequestDelegate)endpoints.Models);
        routes.Map("/v1/models/{**id}", (RequestDelegate)endpoints.Model);
        routes.Map("/version", (RequestDelegate)endpoints.Version);
        routes.Map("/props", (RequestDelegate)endpoints.Props);
        routes.MapLlama4Scraping();
        routes.Map("/health", (RequestDelegate)endpoints.Health).AllowAnonymous();
        routes.Map("/ping", (RequestDelegate)endpoints.Health).AllowAnonymous();
        routes.Map("/health/live", (RequestDelegate)endpoints.Live).AllowAnonymous();
        routes.Map("/health/ready", (RequestDelegate)endpoints.Ready).AllowAnonymous();
        routes.MapApiDocument();
        if (services.GetService<IClusterWatch>() is not null)
        {
            var live = ActivatorUtilities.CreateInstance<LiveEndpoint>(services, ActivatorUtilities.CreateInstance<LiveFeed>(services));
            routes.Map("/console/live", (RequestDelegate)live.ServeAsync);
        }

        routes.Map("/console/{**file}", (RequestDelegate)ConsolePage.ServeFile).AllowAnonymous();
        routes.Map("/", ConsolePage.ToBrowsers(endpoints.Root)).AllowAnonymous();
        routes.MapFallback("{*path}", (RequestDelegate)endpoints.Unknown);
    }
}
