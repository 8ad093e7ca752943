using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Llama4.Client.Transport;

/// <summary>How two hosts begin a link: TLS where the cluster has it, a greeting, a welcome. Bounded in time on either side.</summary>
/// <param name="tls">Null for a cluster without TLS.</param>
/// <param name="limit">The longest that all of it may take.</param>
internal sealed class Handshake(CurrentCertificate? tls, TimeSpan limit)
{
    /// <summary>A TLS handshake takes 3 round trips and some 5 ms of a core; a host that is busy loading weights may be a hundred times slower.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const byte TlsHandshakeRecord = 0x16;

    /// <summary>The connecting side.</summary>
    /// <exception cref="LinkRefusedException">The other side does not let this one in, or is not who it should be, or takes too long.</exception>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public async Task<Link> ConnectAsync(EndPoint endpoint, Greeting greeting, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(limit);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var stream = default(Stream);
        try
        {
            await socket.ConnectAsync(endpoint, time.Token);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                var secured = new SslStream(stream);
                stream = secured;
                await secured.AuthenticateAsClientAsync(tls.Get().Connecting(((IPEndPoint)endpoint).Address.ToString()), time.Token);
            }
            var bytes = new byte[Greeting.Bytes];
            greeting.Write(bytes);
            await stream.WriteAsync(bytes, time.Token);
            await stream.ReadExactlyAsync(bytes.AsMemory(0, 1), time.Token);
            if (bytes[0] != Greeting.Welcome)
                throw new LinkRefusedException($"expected a welcome, found 0x{bytes[0]:x2}");
            return new Link(socket, stream, greeting);
        }
        catch (Exception error)
        {
            stream?.Dispose();
            socket.Dispose();
            if (Reason(error, cancellation) is { } reason)
                throw new LinkRefusedException($"{endpoint}: {reason}", error);
            throw;
        }
    }

    /// <summary>The accepting side. The socket is closed if the link is not let in.</summary>
    /// <exception cref="LinkRefusedException">Why not.</exception>
    /// <exception cref="SocketException">The other side was gone before it said anything.</exception>
    public async Task<Link> AcceptAsync(Socket socket, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(limit);
        var stream = default(Stream);
        try
        {
            socket.NoDelay = true;
            var bytes = new byte[Greeting.Bytes];
            if (await socket.ReceiveAsync(bytes.AsMemory(0, 1), SocketFlags.Peek, time.Token) == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            var secure = bytes[0] == TlsHandshakeRecord;
            if (secure != tls is not null)
                throw new LinkRefusedException(secure ? "it speaks TLS, which this host was started without" : "it speaks without TLS, which this cluster asks for");
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                var secured = new SslStream(stream);
                stream = secured;
                await secured.AuthenticateAsServerAsync(tls.Get().Accepting(), time.Token);
            }
            await stream.ReadExactlyAsync(bytes, time.Token);
            var greeting = Greeting.Read(bytes);
            bytes[0] = Greeting.Welcome;
            await stream.WriteAsync(bytes.AsMemory(0, 1), time.Token);
            return new Link(socket, stream, greeting);
        }
        catch (Exception error)
        {
            stream?.Dispose();
            socket.Dispose();
            if (Reason(error, cancellation) is { } reason)
                throw new LinkRefusedException(reason, error);
            throw;
        }
    }

    /// <summary>In one line why a handshake failed; null where the exception says it all.</summary>
    private string? Reason(Exception error, CancellationToken cancellation) => error switch
    {
        LinkRefusedException => error.Message,
        OperationCanceledException when !cancellation.IsCancellationRequested => $"no handshake within {limit.TotalSeconds:0.#} s",
        AuthenticationException => $"TLS: {error.Message}{(error.InnerException is { } inner ? $" ({inner.Message})" : "")}",
        IOException when tls is null => "it closed the connection during the handshake: does its cluster ask for TLS?",
        IOException => "it closed the connection during the handshake: this host's certificate, or its own, is not of the same authority",
        _ => null,
    };
}
