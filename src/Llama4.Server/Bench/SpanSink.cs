using System.Net;
using Llama4.Gateway.Hosting;

namespace Llama4.Server.Bench;

/// <summary>A collector that takes everything over OTLP's HTTP and keeps nothing but counts, so that what is measured is the export and hardly the collector.</summary>
internal sealed class SpanSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _bytes;

    private SpanSink(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>Of all bodies so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public static async Task<SpanSink> StartAsync()
    {
        var builder = WebHosts.NewBuilder(log => log.ClearProviders());
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var sink = new SpanSink(app);
        app.MapPost("/v1/{signal}", (RequestDelegate)sink.TakeAsync);
        await app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        while (true)
        {
            var read = await http.Request.BodyReader.ReadAsync(http.RequestAborted);
            Interlocked.Add(ref _bytes, read.Buffer.Length);
            http.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return; // 200 and nothing in it: nothing was rejected
            }
        }
    }
}
