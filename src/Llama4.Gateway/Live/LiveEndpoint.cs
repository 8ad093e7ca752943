using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Llama4.Gateway.Live;

/// <summary>GET /console/live: the cluster as server-sent events, until the client goes or the server shuts down.</summary>
internal sealed class LiveEndpoint(LiveFeed feed, GatewayOptions options, IHostApplicationLifetime lifetime)
{
    public async Task ServeAsync(HttpContext http)
    {
        try
        {
            if (!HttpMethods.IsGet(http.Request.Method))
            {
                throw Endpoints.WrongMethod(http, "GET");
            }

            using var watcher = feed.Enter();
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
            await StreamAsync(http, watcher, ended.Token);
        }
        catch (ApiError refusal)
        {
            await ErrorBody.SendAsync(http.Response, refusal, http.RequestAborted);
        }
    }

    private async Task StreamAsync(HttpContext http, LiveFeed.Watcher watcher, CancellationToken ended)
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx and those who took the header over from it would gather events
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await SendAsync(http, "retry: 1000\n\n"u8.ToArray());
            while (true)
            {
                await SendAsync(http, await watcher.NextAsync(ended));
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client has gone, or the server is going: the stream ends here.
        }
        catch (TimeoutException)
        {
            http.Abort(); // it reads nothing
        }
    }

    private async Task SendAsync(HttpContext http, byte[] bytes) =>
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask().WaitAsync(options.Limits.StalledReaderLimit);
}
