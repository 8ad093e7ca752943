using System.Collections.Concurrent;
using System.Net;
using Llama4.Gateway.Pictures;
using Llama4.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Pictures;

/// <summary>A web server on this machine that gives pictures, or what a test makes of them, under the names pictures.test and other.test.</summary>
internal sealed class PictureServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PictureServer(WebApplication app, Uri address) => (_app, Port) = (app, address.Port);

    /// <summary>The bundled model's image-001: one tile.</summary>
    public static byte[] Png { get; } = File.ReadAllBytes(Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano", "eval", "images", "image-001.png"));

    public int Port { get; }

    /// <summary>Host header and path of each request, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Header names that were sent.</summary>
    public ConcurrentBag<string> Headers { get; } = [];

    /// <summary>Names that were resolved, in order.</summary>
    public ConcurrentQueue<string> Resolved { get; } = [];

    public static async Task<PictureServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, new GatewayLimits());
        var app = builder.Build();
        PictureServer? server = null;
        app.Run(async http =>
        {
            server!.Asked.Enqueue($"{http.Request.Host.Host}{http.Request.Path}");
            http.Request.Headers.Keys.ToList().ForEach(server.Headers.Add);
            await answer(http);
        });
        server = new PictureServer(app, await app.StartLlama4Async(IPAddress.Loopback, 0));
        return server;
    }

    public static Task SendAsync(HttpContext http, byte[] bytes, string? type = "image/png")
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }

    public string Url(string path, string host = "pictures.test") => $"http://{host}:{Port}{path}";

    /// <summary>A gateway that takes scout-nano's pictures, from this server too. Loopback, where only a test's server is, may be asked and nothing else.</summary>
    public GatewayOptions MayBeAsked(GatewayOptions options) => options with
    {
        Tiles = new TileSettings(112, 4),
        ImageHosts = new ImageHosts([$"pictures.test:{Port}", $"other.test:{Port}", $"inside.test:{Port}"]),
        PictureRoute = new PictureRoute(ResolveAsync, IPAddress.IsLoopback),
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The first address is one that may not be asked: what is connected to has to be the one that was checked.</summary>
    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation)
    {
        Resolved.Enqueue(name);
        return Task.FromResult<IPAddress[]>(name == "inside.test" ? [IPAddress.Parse("10.0.0.1")] : [IPAddress.Parse("10.0.0.1"), IPAddress.Loopback]);
    }
}
