namespace Llama4.Images.Jpeg;

/// <summary>
/// Rows of a component at the picture's width, as libjpeg-turbo's default ("fancy") upsampling makes them: where a component has half
/// the samples, those nearer count three times as much as those further off; the rounding alternates so that no drift remains.
/// </summary>
internal static class Upsampling
{
    /// <summary>Narrower components are repeated instead, unless only their height is doubled.</summary>
    private const int BlendedWidthMin = 3;

    /// <param name="y">The picture's row.</param>
    /// <param name="row">[PixelsAcross * Width] at least.</param>
    /// <param name="sums">[Width] at least, to work in.</param>
    public static void Row(JpegComponent component, int y, Span<byte> row, Span<int> sums)
    {
        switch (component.PixelsAcross, component.PixelsDown)
        {
            case (1, 1):
                Samples(component, y).CopyTo(row);
                break;
            case (2, 1) when component.Width >= BlendedWidthMin:
                BlendAcross(Samples(component, y), row);
                break;
            case (1, 2):
                BlendDown(component, y, row);
                break;
            case (2, 2) when component.Width >= BlendedWidthMin:
                BlendBoth(component, y, row, sums[..component.Width]);
                break;
            default:
                Repeat(Samples(component, y / component.PixelsDown), component.PixelsAcross, row);
                break;
        }
    }

    private static ReadOnlySpan<byte> Samples(JpegComponent component, int y) =>
        component.Samples.AsSpan(y * component.Stride, component.Width);

    /// <summary>The rows of samples nearer to and further from the picture's row; at an edge they are the same.</summary>
    private static void Neighbours(JpegComponent component, int y, out ReadOnlySpan<byte> near, out ReadOnlySpan<byte> far)
    {
        var row = y / 2;
        near = Samples(component, row);
        far = Samples(component, Math.Clamp(y % 2 == 0 ? row - 1 : row + 1, 0, component.Height - 1));
    }

    private static void BlendAcross(ReadOnlySpan<byte> s, Span<byte> row)
    {
        var last = s.Length - 1;
        row[0] = s[0];
        row[1] = (byte)((3 * s[0] + s[1] + 2) >> 2);
        for (var i = 1; i < last; i++)
        {
            row[2 * i] = (byte)((3 * s[i] + s[i - 1] + 1) >> 2);
            row[2 * i + 1] = (byte)((3 * s[i] + s[i + 1] + 2) >> 2);
        }

        row[2 * last] = (byte)((3 * s[last] + s[last - 1] + 1) >> 2);
        row[2 * last + 1] = s[last];
    }

    private static void BlendDown(JpegComponent component, int y, Span<byte> row)
    {
        Neighbours(component, y, out var near, out var far);
        var round = 1 + y % 2;
        for (var i = 0; i < near.Length; i++)
        {
            row[i] = (byte)((3 * near[i] + far[i] + round) >> 2);
        }
    }

    private static void BlendBoth(JpegComponent component, int y, Span<byte> row, Span<int> c)
    {
        Neighbours(component, y, out var near, out var far);
        for (var i = 0; i < c.Length; i++)
        {
            c[i] = 3 * near[i] + far[i];
        }

        var last = c.Length - 1;
        row[0] = (byte)((4 * c[0] + 8) >> 4);
        row[1] = (byte)((3 * c[0] + c[1] + 7) >> 4);
        for (var i = 1; i < last; i++)
        {
            row[2 * i] = (byte)((3 * c[i] + c[i - 1] + 8) >> 4);
            row[2 * i + 1] = (byte)((3 * c[i] + c[i + 1] + 7) >> 4);
        }

        row[2 * last] = (byte)((3 * c[last] + c[last - 1] + 8) >> 4);
        row[2 * last + 1] = (byte)((4 * c[last] + 7) >> 4);
    }

    private static void Repeat(ReadOnlySpan<byte> samples, int times, Span<byte> row)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            row.Slice(i * times, times).Fill(samples[i]);
        }
    }
}
