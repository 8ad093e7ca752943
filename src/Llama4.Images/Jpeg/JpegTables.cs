using System.Buffers.Binary;

namespace Llama4.Images.Jpeg;

/// <summary>What a file has set up for the scans that follow; each segment may replace what an earlier one said.</summary>
internal sealed class JpegTables
{
    /// <summary>Where each coefficient of the zigzag order stands in natural order.</summary>
    public static ReadOnlySpan<byte> Zigzag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    /// <summary>By number; [64] in natural order.</summary>
    public ushort[]?[] Quantisers { get; } = new ushort[4][];

    /// <summary>Of first coefficients, by number.</summary>
    public HuffmanTable?[] Dc { get; } = new HuffmanTable[4];

    /// <summary>Of the other coefficients, by number.</summary>
    public HuffmanTable?[] Ac { get; } = new HuffmanTable[4];

    /// <summary>Units between restart markers; 0: there are none.</summary>
    public int RestartInterval { get; private set; }

    public void ReadQuantisers(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            var (wide, number) = (segment[0] >> 4, segment[0] & 15);
            var bytes = wide == 0 ? 64 : 128;
            if (wide > 1 || number > 3 || segment.Length < 1 + bytes)
            {
                throw new ImageFormatException($"JPEG: expected quantisation tables 0 to 3 of 64 numbers, found table {number} in {segment.Length} bytes");
            }

            var table = new ushort[64];
            for (var k = 0; k < 64; k++)
            {
                table[Zigzag[k]] = wide == 0 ? segment[1 + k] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + 2 * k)..]);
            }

            Quantisers[number] = table;
            segment = segment[(1 + bytes)..];
        }
    }

    public void ReadHuffman(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            var (kind, number) = (segment[0] >> 4, segment[0] & 15);
            var symbols = 0;
            for (var i = 1; i <= 16 && i < segment.Length; i++)
            {
                symbols += segment[i];
            }

            if (kind > 1 || number > 3 || symbols > 256 || segment.Length < 17 + symbols)
            {
                throw new ImageFormatException($"JPEG: expected Huffman tables 0 to 3 of at most 256 symbols, found table {number} of {symbols}");
            }

            (kind == 0 ? Dc : Ac)[number] = new HuffmanTable(segment[1..17], segment.Slice(17, symbols));
            segment = segment[(17 + symbols)..];
        }
    }

    public void ReadRestartInterval(ReadOnlySpan<byte> segment) => RestartInterval = segment.Length == 2
        ? BinaryPrimitives.ReadUInt16BigEndian(segment)
        : throw new ImageFormatException($"JPEG: expected 2 bytes of restart interval, found {segment.Length}");
}
