using System.Buffers.Binary;
using System.Net.Sockets;
using Llama4.Client.Transport;
using Hello = Llama4.Client.Transport.Greeting;

namespace Llama4.Cluster.Tests.Fuzz;

/// <summary>What a real host or client says when it connects: a greeting, Orleans' preamble, and the first messages.</summary>
internal sealed record RecordedDialog(byte[] Greeting, byte[] Preamble, byte[] Messages)
{
    /// <summary>Header and body of the first message.</summary>
    public (byte[] Header, byte[] Body) First
    {
        get
        {
            var (header, body) = (BinaryPrimitives.ReadInt32LittleEndian(Messages), BinaryPrimitives.ReadInt32LittleEndian(Messages.AsSpan(4)));
            return (Messages[8..(8 + header)], Messages[(8 + header)..(8 + header + body)]);
        }
    }

    public static byte[] Frame(byte[] header, byte[] body)
    {
        var lengths = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(lengths, header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(lengths.AsSpan(4), body.Length);
        return [.. lengths, .. header, .. body];
    }

    /// <summary>All that one says up to the messages, on a lane of its own.</summary>
    public byte[] Begun(byte[] preamble, params byte[][] parts) => [.. Greeting, .. Guid.NewGuid().ToByteArray(), .. Part(preamble), .. parts.SelectMany(part => part)];

    /// <summary>Bytes as a part of the stream.</summary>
    public static byte[] Part(byte[] bytes, bool isPayload = false)
    {
        var head = new byte[StreamParts.HeadBytes];
        StreamParts.WriteHead(head, bytes.Length, isPayload);
        return [.. head, .. bytes];
    }

    /// <summary>Waits for one who connects, lets it in, and answers its preamble with the same.</summary>
    /// <param name="messages">False for one that sends nothing unless it is asked.</param>
    public static async Task<RecordedDialog> RecordAsync(Socket listener, bool messages, CancellationToken cancellation)
    {
        using var socket = await listener.AcceptAsync(cancellation);
        await using var stream = new NetworkStream(socket);
        var greeting = new byte[Hello.Bytes];
        await stream.ReadExactlyAsync(greeting, cancellation);
        await stream.WriteAsync(new[] { Hello.Welcome }, cancellation);
        await stream.ReadExactlyAsync(new byte[StreamParts.LaneBytes], cancellation);
        var preamble = await PartAsync(stream, cancellation);
        if (!messages)
            return new RecordedDialog(greeting, preamble, []);
        await stream.WriteAsync((byte[])[.. Guid.NewGuid().ToByteArray(), .. Part(preamble)], cancellation);
        return new RecordedDialog(greeting, preamble, await PartAsync(stream, cancellation));
    }

    private static async Task<byte[]> PartAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[StreamParts.HeadBytes];
        await stream.ReadExactlyAsync(head, cancellation);
        var part = new byte[StreamParts.ReadHead(head).Length];
        await stream.ReadExactlyAsync(part, cancellation);
        return part;
    }
}
