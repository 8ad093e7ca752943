using System.Net;
using System.Net.Sockets;

namespace Llama4.Server.Hop;

/// <summary>What the network itself costs: a bare socket that answers a message of a known size with the same bytes, once all are there.</summary>
internal sealed class RawEcho(Socket socket) : IDisposable
{
    private byte[] _buffer = [];

    /// <summary>Answers one client until it goes away. Each message is preceded by its length, 4 bytes.</summary>
    public static async Task ServeAsync(Socket listener, CancellationToken cancellation)
    {
        using var socket = await listener.AcceptAsync(cancellation);
        socket.NoDelay = true;
        var header = new byte[sizeof(int)];
        byte[] buffer = [];
        while (await ReceiveAsync(socket, header, cancellation))
        {
            var length = BitConverter.ToInt32(header);
            buffer = buffer.Length < length ? new byte[length] : buffer;
            if (!await ReceiveAsync(socket, buffer.AsMemory(0, length), cancellation))
            {
                return;
            }

            await SendAsync(socket, buffer.AsMemory(0, length), cancellation);
        }
    }

    public static async Task<RawEcho> ConnectAsync(IPEndPoint server, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancellation);
        return new RawEcho(socket);
    }

    /// <summary>Sends so many bytes and takes them back.</summary>
    public async ValueTask EchoAsync(int bytes, CancellationToken cancellation)
    {
        var length = sizeof(int) + bytes;
        _buffer = _buffer.Length < length ? new byte[length] : _buffer;
        BitConverter.TryWriteBytes(_buffer, bytes);
        await SendAsync(socket, _buffer.AsMemory(0, length), cancellation);
        if (!await ReceiveAsync(socket, _buffer.AsMemory(0, bytes), cancellation))
        {
            throw new IOException("the raw echo closed its connection");
        }
    }

    public void Dispose() => socket.Dispose();

    private static async ValueTask SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellation)..];
        }
    }

    private static async ValueTask<bool> ReceiveAsync(Socket socket, Memory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            var received = await socket.ReceiveAsync(bytes, SocketFlags.None, cancellation);
            if (received == 0)
            {
                return false;
            }

            bytes = bytes[received..];
        }

        return true;
    }
}
