using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Llama4.Client.Transport;

namespace Llama4.Cluster.Hop;

/// <summary>A stream with nothing of this project in it but its certificates: what a hop is compared with.</summary>
public static class BareStream
{
    /// <summary>The accepting side; the stream owns the socket.</summary>
    /// <param name="tls">Null for the bare socket.</param>
    public static async Task<Stream> AcceptAsync(Socket socket, ClusterTls? tls, CancellationToken cancellation) =>
        await SecureAsync(socket, tls, (stream, own) => stream.AuthenticateAsServerAsync(own.Accepting(), cancellation));

    /// <summary>The connecting side.</summary>
    /// <param name="tls">Null for the bare socket.</param>
    public static async Task<Stream> ConnectAsync(IPEndPoint server, ClusterTls? tls, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp); // of both families: a listener of both calls 127.0.0.1 a mapped address
        try
        {
            await socket.ConnectAsync(server, cancellation);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        return await SecureAsync(socket, tls, (stream, own) => stream.AuthenticateAsClientAsync(own.Connecting(server.Address.ToString()), cancellation));
    }

    private static async Task<Stream> SecureAsync(Socket socket, ClusterTls? tls, Func<SslStream, HostCertificate, Task> authenticate)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            socket.NoDelay = true;
            if (tls is null)
                return stream;
            var secured = new SslStream(stream);
            stream = secured;
            await authenticate(secured, tls.Load());
            return secured;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
