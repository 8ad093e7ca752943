using System.Diagnostics.Metrics;
using System.Net;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>
/// A port for who watches this process, gateway or not: <c>/health/live</c>, <c>/health/started</c>, <c>/health/ready</c> and <c>/metrics</c>, over HTTP/1.1 and without keys. It is open
/// from before the process joins or loads anything until it ends.
/// </summary>
public sealed class HealthDoor : IAsyncDisposable
{
    /// <summary>Probes and a scraper or two.</summary>
    private const int ConnectionsMax = 64;

    private const int RequestBytesMax = 1024;

    private readonly WebApplication _app;
    private volatile HealthState _state;

    private HealthDoor(WebApplication app, HealthState state) => (_app, _state) = (app, state);

    /// <summary>With the port that it got.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>Whom the probes ask from now on.</summary>
    public HealthState State
    {
        get => _state;
        set => _state = value;
    }

    /// <param name="port">0 for a free one.</param>
    /// <exception cref="ListenException">The address can't be listened at; the message is one line.</exception>
    public static async Task<HealthDoor> OpenAsync(IPAddress bind, int port, HealthState state, Action<ILoggingBuilder> logging, CancellationToken cancellation = default)
    {
        var builder = WebHosts.NewBuilder(logging);
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBytesMax;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Listen(bind, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddLlama4Scraping();
        var app = builder.Build();
        var door = new HealthDoor(app, state);
        app.Map("/health/live", http => TellAsync(http, "live", door._state.Live()));
        app.Map("/health/started", http => TellAsync(http, "started", door._state.Started()));
        app.Map("/health/ready", http => TellAsync(http, "ready", door._state.Ready()));
        app.MapLlama4Scraping();
        app.Services.GetRequiredService<IMeterFactory>().Create(MeterSetup.GatewayMeter)
            .CreateObservableGauge("llama4.ready", () => door._state.Ready() is null ? 1 : 0, description: "1 while this process' /health/ready says yes, else 0.");
        try
        {
            await app.StartLlama4Async(bind, port, cancellation);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return door;
    }

    /// <summary>Why a gateway answers no requests yet or any more; null when it does. Its <see cref="HealthState.Ready"/>.</summary>
    public static string? NotReady(WebApplication gateway) => gateway.Services.GetRequiredService<Endpoints>().NotReady;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <param name="reason">Null for yes.</param>
    private static Task TellAsync(HttpContext http, string word, string? reason)
    {
        http.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.TellAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", reason is null ? word : $"not {word}");
            if (reason is not null)
            {
                json.WriteString("reason", reason);
            }

            json.WriteEndObject();
        });
    }
}
