using System.Net;
using System.Net.Sockets;
using Llama4.Gateway.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway;

/// <summary>The web server under the gateway: where it listens, and its own limits.</summary>
public static class KestrelSetup
{
    // Bytes per second of a client that is slow but alive: Kestrel's own default.
    private const double MinBytesPerSecond = 240;

    // Kestrel refuses a grace period that isn't longer than its own heartbeat of 1 s.
    private static readonly TimeSpan GraceMin = TimeSpan.FromSeconds(2);

    /// <summary>Listens at <paramref name="bind"/>:<paramref name="port"/> for HTTP/1.1 and HTTP/2; port 0 takes a free one.</summary>
    /// <param name="tls">Then over TLS alone, HTTP/2 with those who offer it (ALPN) and HTTP/1.1 with the others; without it HTTP/2 by prior knowledge. While the host runs, its
    /// files are looked at for another certificate.</param>
    /// <param name="clock">By which they are; null for the system's.</param>
    public static IWebHostBuilder UseLlama4Kestrel(
        this IWebHostBuilder web, IPAddress bind, int port, GatewayLimits limits, PublicTls? tls = null, TimeProvider? clock = null)
    {
        if (tls is not null)
        {
            web.ConfigureServices(services => services.AddSingleton<IHostedService>(
                of => new CertificateWatch(tls, clock ?? TimeProvider.System, of.GetRequiredService<ILogger<CertificateWatch>>())));
        }

        return web.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = limits.BodyBytesMax;
            kestrel.Limits.MinResponseDataRate = new MinDataRate(
                MinBytesPerSecond, limits.StalledReaderLimit > GraceMin ? limits.StalledReaderLimit : GraceMin);

            // Each request being served, as many idle ones kept alive, and twice that for those who are to be told 429.
            kestrel.Limits.MaxConcurrentConnections = 4L * limits.ConcurrentRequestsMax;
            if (tls is null)
            {
                kestrel.ListenForBoth(bind, port);
            }
            else
            {
                kestrel.Listen(bind, port, listen => listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(tls.Accepting()) }));
            }
        }).UseHttp2PriorKnowledge();
    }

    /// <summary>Starts the host; returns the address it listens at, with the port it got.</summary>
    /// <exception cref="ListenException">The address can't be listened at; the message is one line.</exception>
    public static async Task<Uri> StartLlama4Async(this WebApplication app, IPAddress bind, int port, CancellationToken cancellation = default)
    {
        CheckIsFree(bind, port); // before the host finds out, which would log a failed start with its whole stack
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw InUse(bind, port, error); // taken in between
        }

        return new Uri(app.Urls.First());
    }

    /// <summary>Finds out whether the address can be listened at: a server asks before it loads a large model.</summary>
    /// <exception cref="ListenException">It can't be; the message is one line.</exception>
    public static void CheckIsFree(IPAddress bind, int port)
    {
        try
        {
            using var socket = new Socket(bind.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(bind, port));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw InUse(bind, port, error);
        }
        catch (SocketException error)
        {
            throw new ListenException($"Cannot listen at {new IPEndPoint(bind, port)}: {error.Message}.", error);
        }
    }

    private static ListenException InUse(IPAddress bind, int port, Exception error) =>
        new($"Port {port} of {bind} is in use by another program; choose another port, or port 0 for a free one.", error);
}

/// <summary>The address to serve at can't be had; the message says why in one line.</summary>
public sealed class ListenException(string message, Exception inner) : Exception(message, inner);
