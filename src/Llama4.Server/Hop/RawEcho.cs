using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Hop;
using Llama4.Client.Transport;

namespace Llama4.Server.Hop;

/// <summary>What the network itself costs, and TLS on it: a bare stream that answers a message of a known size with the same bytes, once all are there.</summary>
internal sealed class RawEcho(Stream stream) : IDisposable
{
    private byte[] _buffer = [];

    /// <summary>Answers one client until it goes away. Each message is preceded by its length, 4 bytes.</summary>
    /// <param name="tls">Null for the bare socket.</param>
    public static async Task ServeAsync(Socket listener, ClusterTls? tls, CancellationToken cancellation)
    {
        await using var stream = await BareStream.AcceptAsync(await listener.AcceptAsync(cancellation), tls, cancellation);
        var header = new byte[sizeof(int)];
        byte[] buffer = [];
        while (await ReceiveAsync(stream, header, cancellation))
        {
            var length = BitConverter.ToInt32(header);
            buffer = buffer.Length < length ? new byte[length] : buffer;
            if (!await ReceiveAsync(stream, buffer.AsMemory(0, length), cancellation))
            {
                return;
            }

            await stream.WriteAsync(buffer.AsMemory(0, length), cancellation);
        }
    }

    public static async Task<RawEcho> ConnectAsync(IPEndPoint server, ClusterTls? tls, CancellationToken cancellation) =>
        new(await BareStream.ConnectAsync(server, tls, cancellation));

    /// <summary>Sends so many bytes and takes them back.</summary>
    public async ValueTask EchoAsync(int bytes, CancellationToken cancellation)
    {
        var length = sizeof(int) + bytes;
        _buffer = _buffer.Length < length ? new byte[length] : _buffer;
        BitConverter.TryWriteBytes(_buffer, bytes);
        await stream.WriteAsync(_buffer.AsMemory(0, length), cancellation);
        if (!await ReceiveAsync(stream, _buffer.AsMemory(0, bytes), cancellation))
        {
            throw new IOException("the raw echo closed its connection");
        }
    }

    public void Dispose() => stream.Dispose();

    private static async ValueTask<bool> ReceiveAsync(Stream stream, Memory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            var received = await stream.ReadAsync(bytes, cancellation);
            if (received == 0)
            {
                return false;
            }

            bytes = bytes[received..];
        }

        return true;
    }
}
