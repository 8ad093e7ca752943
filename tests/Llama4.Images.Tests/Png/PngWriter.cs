using System.Buffers.Binary;
using System.IO.Compression;
using Llama4.Images.Png;

namespace Llama4.Images.Tests.Png;

/// <summary>Writes PNGs of every kind the plain way, filters and interlacing at random.</summary>
internal sealed class PngWriter(int width, int height, int depth, PngColour colour, bool interlaced, Random random)
{
    private static readonly (int Left, int Top, int Right, int Down)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static int Channels(PngColour colour) => colour switch { PngColour.GreyAlpha => 2, PngColour.Rgb => 3, PngColour.Rgba => 4, _ => 1 };

    /// <param name="samples">[height, width, channels].</param>
    /// <param name="chunks">PLTE, tRNS and the like, between head and data.</param>
    public byte[] Write(ushort[] samples, params (string Name, byte[] Content)[] chunks)
    {
        using var raw = new MemoryStream();
        using (var deflated = new ZLibStream(raw, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var (left, top, right, down) in interlaced ? Adam7 : [(0, 0, 1, 1)])
            {
                WritePass(deflated, samples, left, top, right, down);
            }
        }

        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        (head[8], head[9], head[12]) = ((byte)depth, (byte)colour, (byte)(interlaced ? 1 : 0));
        var data = raw.ToArray();
        var cut = random.Next(data.Length + 1);
        return
        [
            .. PngFile.Signature,
            .. Chunk("IHDR", head),
            .. chunks.SelectMany(chunk => Chunk(chunk.Name, chunk.Content)),
            .. Chunk("IDAT", data[..cut]),
            .. Chunk("IDAT", data[cut..]),
            .. Chunk("IEND", []),
        ];
    }

    private void WritePass(ZLibStream to, ushort[] samples, int left, int top, int right, int down)
    {
        var channels = Channels(colour);
        var columns = (width - left + right - 1) / right;
        if (columns <= 0)
        {
            return;
        }

        var back = Math.Max(1, channels * depth / 8);
        var above = new byte[(columns * channels * depth + 7) / 8];
        for (var y = top; y < height; y += down)
        {
            var row = new byte[above.Length];
            for (var i = 0; i < columns * channels; i++)
            {
                var sample = samples[(y * width + left + i / channels * right) * channels + i % channels];
                if (depth == 16)
                {
                    BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(2 * i), sample);
                }
                else
                {
                    row[i * depth / 8] |= (byte)(sample << (8 - depth - i * depth % 8));
                }
            }

            var filter = random.Next(5);
            to.WriteByte((byte)filter);
            for (var i = 0; i < row.Length; i++)
            {
                var (a, b, c) = (i < back ? 0 : row[i - back], above[i], i < back ? 0 : above[i - back]);
                to.WriteByte((byte)(row[i] - filter switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => Nearest(a, b, c), _ => 0 }));
            }

            above = row;
        }
    }

    private static int Nearest(int a, int b, int c) => new[] { a, b, c }.MinBy(one => Math.Abs(a + b - c - one));

    private static byte[] Chunk(string name, byte[] content)
    {
        var chunk = new byte[12 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        System.Text.Encoding.ASCII.GetBytes(name, chunk.AsSpan(4));
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + content.Length), Crc32.Of(chunk.AsSpan(4, 4 + content.Length)));
        return chunk;
    }
}
