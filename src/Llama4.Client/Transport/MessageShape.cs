using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Llama4.Client.Transport;

/// <summary>
/// What a message's body must look like before Orleans reads it. Orleans follows nested fields by recursion and without a bound, unknown ones
/// too: 100 KB of opening tags end the process with a stack overflow, which nothing catches. So the tags are walked through here first, without recursion
/// and without making anything of the values (the format: Orleans.Serialization, WireProtocol/Tag.cs and Buffers/Writer.FieldHeader.cs).
/// </summary>
internal static class MessageShape
{
    /// <summary>A plan in an answer is 6 deep, an exception adds one for each that it has inside.</summary>
    public const int DepthMax = 128;

    /// <summary>Bytes of a type's name. Names are parsed by recursion too; the longest of this project, of a generic dictionary, has less than 200.</summary>
    public const int TypeNameMax = 1024;

    private const byte WireMask = 0b1110_0000, SchemaMask = 0b0001_1000, IdMask = 0b0000_0111;
    private const byte TagDelimited = 1 << 5, LengthPrefixed = 2 << 5, Fixed32 = 3 << 5, Fixed64 = 4 << 5, Reference = 6 << 5, Extended = 7 << 5;
    private const byte WellKnown = 1 << 3, Encoded = 2 << 3, Referenced = 3 << 3;

    /// <summary>Looks at one field with all that is inside it. A body that ends too early is left to Orleans, which finds the same.</summary>
    /// <exception cref="MessageRefusedException">It is nested deeper than <see cref="DepthMax"/>, or names a type with more than <see cref="TypeNameMax"/> bytes.</exception>
    public static void Check(in ReadOnlySequence<byte> body)
    {
        var reader = new SequenceReader<byte>(body);
        var depth = 0;
        do
        {
            if (!reader.TryRead(out var tag))
                return;
            if (tag >= Extended)
            {
                if ((tag & SchemaMask) == 0)
                    depth--;
                continue;
            }
            if (!SkipHeader(ref reader, tag))
                return;
            switch (tag & WireMask)
            {
                case TagDelimited:
                    if (++depth > DepthMax)
                        throw new MessageRefusedException($"fields nested deeper than {DepthMax}");
                    break;
                case LengthPrefixed:
                    if (!TryReadNumber(ref reader, out var length) || !TrySkip(ref reader, length))
                        return;
                    break;
                case Fixed32:
                    if (!TrySkip(ref reader, sizeof(uint)))
                        return;
                    break;
                case Fixed64:
                    if (!TrySkip(ref reader, sizeof(ulong)))
                        return;
                    break;
                case 0 or Reference:
                    if (!TryReadNumber(ref reader, out _))
                        return;
                    break;
                default:
                    return;
            }
        }
        while (depth > 0);
    }

    /// <summary>The field's id, where the tag has no room for it, and its type, where it is not the expected one.</summary>
    private static bool SkipHeader(ref SequenceReader<byte> reader, byte tag)
    {
        if ((tag & IdMask) == IdMask && !TryReadNumber(ref reader, out _))
            return false;
        switch (tag & SchemaMask)
        {
            case WellKnown or Referenced:
                return TryReadNumber(ref reader, out _);
            case Encoded:
                // Version [1], hash [4], length, name.
                if (!TrySkip(ref reader, 5) || !TryReadNumber(ref reader, out var length))
                    return false;
                if (length > TypeNameMax)
                    throw new MessageRefusedException($"a type's name of {length} bytes: expected at most {TypeNameMax}");
                return TrySkip(ref reader, length);
            default:
                return true;
        }
    }

    /// <summary>Orleans' number of variable length: as many bytes as the first has zeros at its low end, and one more.</summary>
    private static bool TryReadNumber(ref SequenceReader<byte> reader, out ulong number)
    {
        number = 0;
        if (!reader.TryPeek(out var first))
            return false;
        var second = (byte)0;
        if (first == 0 && !reader.TryPeek(1, out second))
            return false;
        var bytes = BitOperations.TrailingZeroCount(first | second << 8 | 1 << 16) + 1;
        Span<byte> value = stackalloc byte[16];
        value.Clear();
        if (bytes > 10 || !reader.TryCopyTo(value[..bytes]))
            return false;
        number = bytes <= 8
            ? BinaryPrimitives.ReadUInt64LittleEndian(value) >> bytes
            : (ulong)(BinaryPrimitives.ReadUInt128LittleEndian(value) >> bytes);
        reader.Advance(bytes);
        return true;
    }

    private static bool TrySkip(ref SequenceReader<byte> reader, ulong bytes)
    {
        if (bytes > (ulong)reader.Remaining)
            return false;
        reader.Advance((long)bytes);
        return true;
    }
}

/// <summary>What came over a connection is not what a host sends: the connection is closed.</summary>
internal sealed class MessageRefusedException(string message) : Exception(message);
