using System.Net;
using System.Text;
using System.Text.Json;
using Llama4.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>A gateway on a real Kestrel at a free port, over a scripted cluster.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private TestGateway(WebApplication app, Uri address, GatewayLogs logs)
    {
        App = app;
        Logs = logs;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public WebApplication App { get; }

    public GatewayLogs Logs { get; }

    public HttpClient Http { get; }

    /// <param name="watch">Null for a gateway without a live feed.</param>
    public static async Task<TestGateway> StartAsync(IGenerationClient cluster, Func<GatewayOptions, GatewayOptions>? change = null, IClusterWatch? watch = null)
    {
        var options = change?.Invoke(ScoutNano.Options) ?? ScoutNano.Options;
        var logs = new GatewayLogs();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, options.Limits);
        builder.Services.AddSingleton(cluster).AddLlama4Gateway(options);
        if (watch is not null)
        {
            builder.Services.AddSingleton(watch);
        }

        var app = builder.Build();
        app.MapLlama4Gateway();
        return new TestGateway(app, await app.StartLlama4Async(IPAddress.Loopback, 0), logs);
    }

    /// <summary>Asks until the gateway says that it is ready.</summary>
    public async Task ReadyAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            using var response = await Http.GetAsync("/health/ready", deadline.Token);
            if (response.IsSuccessStatusCode)
                return;
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, bool stream = false) => Http.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") },
        stream ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead);

    /// <summary>Posts, and reads the JSON of an answer that must have this status.</summary>
    public async Task<JsonElement> JsonAsync(string path, string json, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Posts, and reads a stream's events to its end.</summary>
    public async Task<List<string>> EventsAsync(string path, string json)
    {
        using var response = await PostAsync(path, json, stream: true);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var body = await response.Content.ReadAsStringAsync();
        body.ShouldEndWith("\n\n");
        return [.. body[..^2].Split("\n\n").Select(line => line.StartsWith("data: ") ? line[6..] : throw new FormatException($"No event: {line}"))];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
    }
}

internal static class Json
{
    public static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Walks to a member: names and indices separated by dots.</summary>
    public static JsonElement At(this JsonElement element, string path) => path.Split('.').Aggregate(
        element, (at, step) => int.TryParse(step, out var index) ? at[index] : at.GetProperty(step));
}
