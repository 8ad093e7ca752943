using System.Collections.Concurrent;
using System.Net;
using Llama4.Gateway;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Console.Tests;

/// <summary>
/// A real gateway with the console, but the live feed and chats are a test's: each chat is answered by <see cref="Chat"/>,
/// the feed says what <see cref="Feed"/> says.
/// </summary>
internal sealed class RecordedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _watchers;

    private RecordedGateway(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>Writes the answer of a chat request; the test may hold it back.</summary>
    public Func<HttpContext, string, Task> Chat { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>JSON of the feed's n-th event; null for a server that has no feed.</summary>
    public Func<int, string>? Feed { get; set; }

    /// <summary>The key that requests must carry; null for none.</summary>
    public string? Key { get; set; }

    /// <summary>The one model that is listed; null leaves it to the gateway.</summary>
    public string? Model { get; set; }

    public TimeSpan FeedPause { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Feeds that are being read.</summary>
    public int Watchers => Volatile.Read(ref _watchers);

    /// <summary>Bodies of the chat requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<RecordedGateway> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, port, ScoutNano.Options.Limits);
        builder.Services.AddSingleton<Llama4.Contracts.IGenerationClient>(ScriptedClient.Saying("Yes.")).AddLlama4Gateway(ScoutNano.Options with { Tiles = new TileSettings(tilePixels: 112, tilesMax: 4) });
        var app = builder.Build();
        var gateway = new RecordedGateway(app);
        app.Use(gateway.AnswerAsync);
        app.UseRouting();
        app.MapLlama4Gateway();
        gateway.Address = await app.StartLlama4Async(IPAddress.Loopback, port);
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100)); // feeds have no end to wait for
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        if (Key is not null && http.Request.Headers.Authorization != $"Bearer {Key}"
            && (http.Request.Path.StartsWithSegments("/v1") || http.Request.Path == "/console/live"))
        {
            await RecordedAnswers.RefuseAsync(http, 401, "This server wants an API key.");
        }
        else if (http.Request.Path == "/console/live" && Feed is { } feed)
        {
            await FeedAsync(http, feed);
        }
        else if (http.Request.Path == "/v1/models" && Model is { } id)
        {
            await http.Response.WriteAsJsonAsync(new { data = new[] { new { id } } });
        }
        else if (http.Request.Path == "/v1/chat/completions")
        {
            http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null; // as the gateway does, which counts by itself
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync(http.RequestAborted);
            Requests.Enqueue(body);
            await Chat(http, body);
        }
        else
        {
            await next(http);
        }
    }

    private async Task FeedAsync(HttpContext http, Func<int, string> feed)
    {
        Interlocked.Increment(ref _watchers);
        http.Response.ContentType = "text/event-stream";
        try
        {
            for (var n = 0; ; n++)
            {
                await http.Response.WriteAsync($"event: live\ndata: {feed(n)}\n\n", http.RequestAborted);
                await Task.Delay(FeedPause, http.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // the page let go
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }
}
