using System.Buffers.Binary;
using Llama4.Contracts;

namespace Llama4.Client.Transport;

/// <summary>
/// How messages and payloads share a connection: after the sender's lane [16 bytes] come parts, each behind a head of 4 bytes, its length with
/// the highest bit set for a payload. A payload is one part; messages are cut into parts anywhere.
/// </summary>
internal static class StreamParts
{
    public const int LaneBytes = 16;
    public const int HeadBytes = sizeof(uint);

    /// <summary>
    /// Bytes of a payload after which sender and receiver let others have their core: some 30 us of copying. Where great payloads keep all cores busy, a
    /// small call otherwise waits at each of its wake-ups for the end of the scheduler's time slice, which is milliseconds.
    /// </summary>
    private const int TurnBytes = 256 * 1024;

    /// <summary>Prefill chunks are sent in turns; the rows of a decode step are what others wait for.</summary>
    private const int InTurnsFrom = 1024 * 1024;

    private const uint PayloadBit = 1u << 31;

    /// <summary>How many bytes of a payload go before others have their turn.</summary>
    public static int TurnOf(int length) => length < InTurnsFrom ? length : TurnBytes;

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
