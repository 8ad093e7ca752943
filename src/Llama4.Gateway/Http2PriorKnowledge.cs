using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway;

/// <summary>
/// HTTP/1.1 and HTTP/2 on one port without TLS. Kestrel tells them apart by TLS' negotiation alone and takes a plain port for one of them. So
/// the port is one of HTTP/1.1; a connection that begins with HTTP/2's preface (RFC 9113, section 3.4), which no HTTP/1.1 request is, is handed to
/// the pipeline of a second endpoint, which is for HTTP/2 and listens at nothing.
/// </summary>
internal static class Http2PriorKnowledge
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Listens at an address for both.</summary>
    public static void ListenForBoth(this KestrelServerOptions kestrel, IPAddress bind, int port)
    {
        var pipeline = new TaskCompletionSource<ConnectionDelegate>(TaskCreationOptions.RunContinuationsAsynchronously);
        kestrel.Listen(bind, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(http1 => async connection =>
            {
                if (await IsHttp2Async(connection, kestrel.Limits.KeepAliveTimeout) is { } isHttp2)
                {
                    await (isHttp2 ? await pipeline.Task : http1)(connection);
                }
            });
        });
        kestrel.Listen(new NoEndPoint(), listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(http2 =>
            {
                pipeline.TrySetResult(http2);
                return http2;
            });
        });
    }

    /// <summary>What the second endpoint listens with.</summary>
    public static IWebHostBuilder UseHttp2PriorKnowledge(this IWebHostBuilder web) =>
        web.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory, NoListenerFactory>());

    /// <summary>How a connection begins; null if it ended, said nothing within the limit, or the server stops. Reads on until a byte tells, and consumes nothing.</summary>
    private static async Task<bool?> IsHttp2Async(ConnectionContext connection, TimeSpan limit)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        ended.CancelAfter(limit);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(ended.Token);
                var seen = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Preface.Length)).ToArray();
                var isHttp2 = Preface.StartsWith(seen);
                var isCertain = !isHttp2 || seen.Length == Preface.Length || read.IsCompleted;
                input.AdvanceTo(read.Buffer.Start, isCertain ? read.Buffer.Start : read.Buffer.End);
                if (isCertain)
                {
                    return isHttp2 && seen.Length == Preface.Length;
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ConnectionResetException or ConnectionAbortedException)
        {
            return null;
        }
    }

    /// <summary>The address of the endpoint that listens at nothing.</summary>
    private sealed class NoEndPoint : EndPoint
    {
        public override string ToString() => "http2.invalid"; // RFC 2606: a name that is none
    }

    private sealed class NoListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => endpoint is NoEndPoint;

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellation = default) => new(new NoListener(endpoint));
    }

    private sealed class NoListener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint { get; } = endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellation = default) => new(_ended.Task.WaitAsync(cancellation));

        public ValueTask UnbindAsync(CancellationToken cancellation = default)
        {
            _ended.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
