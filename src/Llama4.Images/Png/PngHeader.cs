using System.Buffers.Binary;

namespace Llama4.Images.Png;

internal enum PngColour
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>The IHDR chunk.</summary>
/// <param name="Depth">Bits of a sample.</param>
internal sealed record PngHeader(int Width, int Height, int Depth, PngColour Colour, bool Interlaced)
{
    private const int Bytes = 13;

    private int Channels => Colour switch
    {
        PngColour.GreyAlpha => 2,
        PngColour.Rgb => 3,
        PngColour.Rgba => 4,
        _ => 1,
    };

    /// <summary>How far back the filters look: a whole pixel, at least a byte.</summary>
    public int PixelBytes => Math.Max(1, Channels * Depth / 8);

    /// <summary>Bytes of a row of <paramref name="width"/> pixels, without its filter's number.</summary>
    public long RowBytes(int width) => ((long)width * Channels * Depth + 7) / 8;

    public static PngHeader Read(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length != Bytes)
        {
            throw new ImageFormatException($"PNG: expected {Bytes} bytes of IHDR, found {chunk.Length}");
        }

        var (depth, colour) = (chunk[8], chunk[9]);
        var allowed = colour switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => depth is 8 or 16,
            _ => false,
        };
        if (!allowed)
        {
            throw new ImageFormatException($"PNG: expected a colour type and a bit depth that go together, found {colour} and {depth}");
        }

        if (chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1)
        {
            throw new ImageFormatException(
                $"PNG: expected compression 0, filter 0 and interlace 0 or 1, found {chunk[10]}, {chunk[11]} and {chunk[12]}");
        }

        return new PngHeader(Side(chunk), Side(chunk[4..]), depth, (PngColour)colour, chunk[12] == 1);
    }

    private static int Side(ReadOnlySpan<byte> at)
    {
        var side = BinaryPrimitives.ReadUInt32BigEndian(at);
        return side <= int.MaxValue ? (int)side : throw new ImageFormatException($"PNG: expected a width and height below 2^31, found {side}");
    }
}
