using System.Buffers.Binary;
using System.IO.Compression;

namespace Llama4.LoadTest.Work;

/// <summary>A picture as a PNG: 8 bits a channel, no filter.</summary>
internal static class Png
{
    public static byte[] Encode(Picture picture)
    {
        var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Side);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], picture.Side);
        (header[8], header[9]) = (8, 2); // bits, RGB
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Rows(picture));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Rows(Picture picture)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (3 * picture.Side)]; // the first says: no filter
            for (var y = 0; y < picture.Side; y++)
            {
                for (var x = 0; x < picture.Side; x++)
                {
                    var pixel = picture.Pixels[(y * picture.Side) + x];
                    (row[1 + (3 * x)], row[2 + (3 * x)], row[3 + (3 * x)]) = (pixel.R, pixel.G, pixel.B);
                }

                zlib.Write(row);
            }
        }

        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc([.. type, .. data]));
        file.Write(number);
    }

    /// <summary>CRC-32 of ISO 3309, bit by bit: pictures are small.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}
