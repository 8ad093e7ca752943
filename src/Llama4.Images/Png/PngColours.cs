using System.Buffers.Binary;

namespace Llama4.Images.Png;

/// <summary>
/// A PNG's samples to RGB. 16 bits keep their high byte, grey is widened to 8 bits, and what is transparent is seen on white. A colour
/// key is compared with the samples as stored: a key of 2 or 4 bits never matches where it meets widened ones.
/// </summary>
internal sealed class PngColours
{
    private readonly PngHeader _header;
    private readonly byte[] _table = []; // R, G, B of each sample of up to 8 bits that is grey or an index
    private readonly ushort[]? _key;

    /// <param name="palette">R, G, B of each colour; only an index needs it.</param>
    /// <param name="transparency">The tRNS chunk; formats with alpha have no use for it.</param>
    public PngColours(PngHeader header, ReadOnlySpan<byte> palette, ReadOnlyMemory<byte>? transparency)
    {
        _header = header;
        var key = transparency is { } chunk ? chunk.Span : [];
        switch (header.Colour)
        {
            case PngColour.Grey:
                _key = transparency is null ? null : Key(key, 1);
                _table = header.Depth == 16 ? [] : GreyTable(header.Depth, _key);
                break;
            case PngColour.Rgb:
                _key = transparency is null ? null : Key(key, 3);
                break;
            case PngColour.Palette:
                _table = PaletteTable(palette, key);
                break;
        }
    }

    /// <summary>Converts one row.</summary>
    /// <param name="row">Unfiltered.</param>
    /// <param name="columns">Pixels in it.</param>
    /// <param name="rgb">Where its first pixel goes.</param>
    /// <param name="step">Bytes from a pixel to the next one in <paramref name="rgb"/>.</param>
    public void Convert(ReadOnlySpan<byte> row, int columns, Span<byte> rgb, int step)
    {
        var wide = _header.Depth == 16;
        switch (_header.Colour)
        {
            case PngColour.Grey when wide:
                ConvertWideGrey(row, columns, rgb, step);
                break;
            case PngColour.Grey or PngColour.Palette:
                LookUp(row, columns, rgb, step);
                break;
            case PngColour.Rgb:
                ConvertRgb(row, columns, rgb, step, wide ? 2 : 1);
                break;
            case PngColour.GreyAlpha:
                ConvertAlpha(row, columns, rgb, step, wide ? 2 : 1, green: 0, blue: 0, alpha: 1);
                break;
            case PngColour.Rgba:
                ConvertAlpha(row, columns, rgb, step, wide ? 2 : 1, green: 1, blue: 2, alpha: 3);
                break;
        }
    }

    private void LookUp(ReadOnlySpan<byte> row, int columns, Span<byte> rgb, int step)
    {
        var depth = _header.Depth;
        var mask = (1 << depth) - 1;
        for (int x = 0, to = 0; x < columns; x++, to += step)
        {
            var bit = x * depth;
            var sample = (row[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
            _table.AsSpan(3 * sample, 3).CopyTo(rgb[to..]);
        }
    }

    private void ConvertWideGrey(ReadOnlySpan<byte> row, int columns, Span<byte> rgb, int step)
    {
        for (int x = 0, to = 0; x < columns; x++, to += step)
        {
            var sample = BinaryPrimitives.ReadUInt16BigEndian(row[(2 * x)..]);
            var level = _key is not null && sample == _key[0] ? byte.MaxValue : (byte)(sample >> 8);
            rgb.Slice(to, 3).Fill(level);
        }
    }

    private void ConvertRgb(ReadOnlySpan<byte> row, int columns, Span<byte> rgb, int step, int sampleBytes)
    {
        if (_key is null && sampleBytes == 1 && step == 3)
        {
            row[..(3 * columns)].CopyTo(rgb);
            return;
        }

        for (int x = 0, to = 0; x < columns; x++, to += step)
        {
            var pixel = row.Slice(3 * sampleBytes * x, 3 * sampleBytes);
            if (_key is not null && IsKey(pixel, sampleBytes))
            {
                rgb.Slice(to, 3).Fill(byte.MaxValue);
                continue;
            }

            rgb[to] = pixel[0];
            rgb[to + 1] = pixel[sampleBytes];
            rgb[to + 2] = pixel[2 * sampleBytes];
        }
    }

    private bool IsKey(ReadOnlySpan<byte> pixel, int sampleBytes)
    {
        for (var i = 0; i < 3; i++)
        {
            var sample = sampleBytes == 1 ? pixel[i] : BinaryPrimitives.ReadUInt16BigEndian(pixel[(2 * i)..]);
            if (sample != _key![i])
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="green">Which sample of a pixel it is, as <paramref name="blue"/> and <paramref name="alpha"/>; red is the first.</param>
    private static void ConvertAlpha(ReadOnlySpan<byte> row, int columns, Span<byte> rgb, int step, int sampleBytes, int green, int blue, int alpha)
    {
        var pixelBytes = (alpha + 1) * sampleBytes;
        for (int x = 0, to = 0; x < columns; x++, to += step)
        {
            var pixel = row.Slice(pixelBytes * x, pixelBytes);
            var opacity = pixel[alpha * sampleBytes];
            rgb[to] = WhitePage.Under(pixel[0], opacity);
            rgb[to + 1] = WhitePage.Under(pixel[green * sampleBytes], opacity);
            rgb[to + 2] = WhitePage.Under(pixel[blue * sampleBytes], opacity);
        }
    }

    private static ushort[] Key(ReadOnlySpan<byte> chunk, int samples)
    {
        if (chunk.Length != 2 * samples)
        {
            throw new ImageFormatException($"PNG: expected {2 * samples} bytes of tRNS, found {chunk.Length}");
        }

        var key = new ushort[samples];
        for (var i = 0; i < samples; i++)
        {
            key[i] = BinaryPrimitives.ReadUInt16BigEndian(chunk[(2 * i)..]);
        }

        return key;
    }

    private static byte[] GreyTable(int depth, ushort[]? key)
    {
        var most = (1 << depth) - 1;
        var table = new byte[3 * (most + 1)];
        for (var sample = 0; sample <= most; sample++)
        {
            table.AsSpan(3 * sample, 3).Fill(key is not null && sample == key[0] ? byte.MaxValue : (byte)(sample * 255 / most));
        }

        return table;
    }

    /// <summary>An index beyond the palette is black, one without an entry in tRNS opaque.</summary>
    private static byte[] PaletteTable(ReadOnlySpan<byte> palette, ReadOnlySpan<byte> alphas)
    {
        var table = new byte[3 * 256];
        for (var i = 0; i < palette.Length; i++)
        {
            table[i] = WhitePage.Under(palette[i], i / 3 < alphas.Length ? alphas[i / 3] : 255);
        }

        return table;
    }
}
