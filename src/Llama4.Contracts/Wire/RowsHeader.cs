using System.Buffers;
using System.Buffers.Binary;
using MessagePack;

namespace Llama4.Contracts;

/// <summary>
/// The MessagePack form of <see cref="Rows"/>: one array [version, type, rows, width, ids or nil, experts or nil, bin payload].
/// The header is everything up to the payload's first byte, so that the payload goes from the pooled buffer to the
/// connection, and back, without an array between.
/// </summary>
public static class RowsHeader
{
    public const int Version = 1;
    private const int Elements = 7;

    /// <summary>Most rows of a message: bounds what a damaged header can make a reader allocate.</summary>
    public const int RowsMax = 65536;

    public static void Write(IBufferWriter<byte> output, Rows rows)
    {
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(Elements);
        writer.Write(Version);
        writer.Write((byte)rows.Type);
        writer.Write(rows.Count);
        writer.Write(rows.Width);
        WriteNumbers(ref writer, rows.Ids.Span);
        WriteNumbers(ref writer, rows.Experts.Span);
        writer.Flush();
        WriteBinHeader(output, rows.PayloadBytes);
    }

    /// <summary>Reads a header and checks every number in it.</summary>
    /// <returns>The fields, and the payload's length in bytes.</returns>
    /// <exception cref="RowsFormatException">Names what was expected and found.</exception>
    public static (RowsType Type, int Count, int Width, int[] Ids, int[] Experts, int PayloadBytes) Read(ReadOnlyMemory<byte> header)
    {
        try
        {
            var reader = new MessagePackReader(header);
            Expect("elements", Elements, reader.ReadArrayHeader());
            Expect("version", Version, reader.ReadInt32());
            var type = (RowsType)reader.ReadByte();
            if (type is not (RowsType.F32 or RowsType.BF16))
                throw new RowsFormatException($"rows: expected type 1 (fp32) or 2 (bf16), found {(byte)type}");
            var count = Bounded("rows", reader.ReadInt32(), RowsMax);
            var width = Bounded("width", reader.ReadInt32(), Rows.PayloadBytesMax);
            var ids = ReadNumbers(ref reader, "ids", count);
            var experts = ReadNumbers(ref reader, "experts", count);
            var length = ReadBinHeader(header.Span[(int)reader.Consumed..]);
            var expected = (long)count * width * Rows.ElementBytes(type);
            if (length != expected || length > Rows.PayloadBytesMax)
                throw new RowsFormatException($"rows: expected a payload of {expected} bytes (at most {Rows.PayloadBytesMax}), found {length}");
            return (type, count, width, ids, experts, (int)length);
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            throw new RowsFormatException($"rows: the header of {header.Length} bytes is not the expected MessagePack array: {e.Message}", e);
        }
    }

    private static void WriteNumbers(ref MessagePackWriter writer, ReadOnlySpan<int> numbers)
    {
        if (numbers.IsEmpty)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(numbers.Length);
        foreach (var number in numbers)
            writer.Write(number);
    }

    /// <summary>Not MessagePackWriter's own: that asks for room for the bytes behind the header too, which here go another way.</summary>
    private static void WriteBinHeader(IBufferWriter<byte> output, int length)
    {
        var header = output.GetSpan(5);
        switch (length)
        {
            case <= byte.MaxValue:
                (header[0], header[1]) = (MessagePackCode.Bin8, (byte)length);
                output.Advance(2);
                break;
            case <= ushort.MaxValue:
                header[0] = MessagePackCode.Bin16;
                BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)length);
                output.Advance(3);
                break;
            default:
                header[0] = MessagePackCode.Bin32;
                BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)length);
                output.Advance(5);
                break;
        }
    }

    private static int[] ReadNumbers(ref MessagePackReader reader, string name, int count)
    {
        if (reader.TryReadNil())
            return [];
        Expect(name, count, reader.ReadArrayHeader());
        var numbers = new int[count];
        for (var i = 0; i < count; i++)
            numbers[i] = reader.ReadInt32();
        return numbers;
    }

    /// <summary>The length in a bin header (MessagePack: c4, c5 and c6 with 1, 2 and 4 bytes), which must be all that is left.</summary>
    private static long ReadBinHeader(ReadOnlySpan<byte> rest) => rest switch
    {
        [MessagePackCode.Bin8, var length] => length,
        [MessagePackCode.Bin16, _, _] => BinaryPrimitives.ReadUInt16BigEndian(rest[1..]),
        [MessagePackCode.Bin32, _, _, _, _] => BinaryPrimitives.ReadUInt32BigEndian(rest[1..]),
        _ => throw new RowsFormatException($"rows: expected a bin header at the end of the header, found {Convert.ToHexString(rest[..Math.Min(rest.Length, 8)])}"),
    };

    private static void Expect(string what, int expected, int found)
    {
        if (found != expected)
            throw new RowsFormatException($"rows: expected {what} {expected}, found {found}");
    }

    private static int Bounded(string what, int found, int most) =>
        found >= 0 && found <= most ? found : throw new RowsFormatException($"rows: expected {what} in 0..{most}, found {found}");
}

/// <summary>A message that is not what <see cref="RowsHeader"/> writes.</summary>
public sealed class RowsFormatException(string message, Exception? inner = null) : Exception(message, inner);
