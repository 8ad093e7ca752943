namespace Llama4.Images.Jpeg;

/// <summary>What a JPEG's components are.</summary>
internal enum JpegColourSpace
{
    Grey,
    Rgb,

    /// <summary>Brightness, blueness, redness.</summary>
    YCbCr,

    /// <summary>Inks, stored inverted.</summary>
    Cmyk,

    /// <summary>The same with the first three as brightness, blueness, redness.</summary>
    Ycck,
}

/// <summary>Rows of components to RGB, in libjpeg's integers of 16 bits after the point.</summary>
internal static class JpegColours
{
    private const int Half = 1 << 15;

    /// <param name="rows">Of each component, at the picture's width.</param>
    /// <param name="rgb">[3 * width].</param>
    public static void Convert(JpegColourSpace space, byte[][] rows, Span<byte> rgb)
    {
        var width = rgb.Length / 3;
        var first = rows[0].AsSpan(0, width);
        if (space == JpegColourSpace.Grey)
        {
            for (int x = 0, to = 0; x < first.Length; x++, to += 3)
            {
                rgb[to] = rgb[to + 1] = rgb[to + 2] = first[x];
            }

            return;
        }

        var second = rows[1].AsSpan(0, width);
        var third = rows[2].AsSpan(0, width);
        if (space is JpegColourSpace.YCbCr or JpegColourSpace.Ycck)
        {
            FromBrightness(first, second, third, rgb);
        }
        else
        {
            for (int x = 0, to = 0; x < first.Length; x++, to += 3)
            {
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (first[x], second[x], third[x]);
            }
        }

        if (space is JpegColourSpace.Cmyk or JpegColourSpace.Ycck)
        {
            Print(rgb, rows[3].AsSpan(0, width), inverted: space == JpegColourSpace.Cmyk);
        }
    }

    private static void FromBrightness(ReadOnlySpan<byte> brightness, ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, Span<byte> rgb)
    {
        blue = blue[..brightness.Length];
        red = red[..brightness.Length];
        for (int x = 0, to = 0; x < brightness.Length; x++, to += 3)
        {
            var (y, cb, cr) = (brightness[x], blue[x] - 128, red[x] - 128);
            rgb[to] = Clamp(y + ((91881 * cr + Half) >> 16)); // 1.402
            rgb[to + 1] = Clamp(y + ((-22554 * cb - 46802 * cr + Half) >> 16)); // 0.34414, 0.71414
            rgb[to + 2] = Clamp(y + ((116130 * cb + Half) >> 16)); // 1.772
        }
    }

    /// <summary>Inks on paper: each takes its share of the light that black leaves.</summary>
    /// <param name="rgb">Holds cyan, magenta and yellow.</param>
    /// <param name="light">What black leaves: 255 less its ink, which is how it is stored.</param>
    /// <param name="inverted">The three are stored as 255 less their ink.</param>
    private static void Print(Span<byte> rgb, ReadOnlySpan<byte> light, bool inverted)
    {
        for (int x = 0, to = 0; x < light.Length; x++)
        {
            for (var end = to + 3; to < end; to++)
            {
                var sum = (inverted ? 255 - rgb[to] : rgb[to]) * light[x] + 128;
                rgb[to] = Clamp(light[x] - ((sum + (sum >> 8)) >> 8));
            }
        }
    }

    private static byte Clamp(int level) => (byte)((uint)level <= 255 ? level : level < 0 ? 0 : 255);
}
