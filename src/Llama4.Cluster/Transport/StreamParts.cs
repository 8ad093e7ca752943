using System.Buffers.Binary;
using Llama4.Contracts;

namespace Llama4.Cluster.Transport;

/// <summary>
/// How messages and payloads share a connection: after the sender's lane [16 bytes] come parts, each behind a head of 4 bytes, its length with
/// the highest bit set for a payload. A payload is one part; messages are cut into parts anywhere.
/// </summary>
internal static class StreamParts
{
    public const int LaneBytes = 16;
    public const int HeadBytes = sizeof(uint);

    private const uint PayloadBit = 1u << 31;

    public static void WriteHead(Span<byte> head, int length, bool isPayload) =>
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)length | (isPayload ? PayloadBit : 0));

    /// <exception cref="MessageRefusedException">No part has such a length.</exception>
    public static (int Length, bool IsPayload) ReadHead(ReadOnlySpan<byte> head)
    {
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(head);
        var (length, isPayload) = ((int)(bits & ~PayloadBit), (bits & PayloadBit) != 0);
        if (length == 0 || isPayload && length > Rows.PayloadBytesMax)
            throw new MessageRefusedException($"a {(isPayload ? "payload" : "part of messages")} of {length} bytes");
        return (length, isPayload);
    }
}
