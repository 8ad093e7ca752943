namespace Llama4.Images.Gif;

/// <summary>
/// GIF's LZW. Every string in its table stands in the output already, so an entry is a place and a length there, and decoding is
/// copying.
/// </summary>
internal ref struct GifLzw
{
    private const int CodesMax = 4096;

    /// <summary>A code of 12 bits stands for at most 4096 pixels, shorter codes for fewer a bit: no data expands further.</summary>
    private const int ExpansionMax = CodesMax * 8 / 12 + 1;

    private ReadOnlySpan<byte> _data;
    private int _blockLeft;
    private int _bits;
    private int _bitCount;

    /// <param name="data">From the least code size on: sub-blocks.</param>
    /// <param name="count">Pixels of the frame; what comes after them is not looked at.</param>
    /// <returns>Palette indices in stored order.</returns>
    public static byte[] Decode(ReadOnlySpan<byte> data, int count)
    {
        if (data.IsEmpty || data[0] is < 2 or > 8)
        {
            throw new ImageFormatException($"GIF: expected a code size of 2 to 8, found {(data.IsEmpty ? "the end of the file" : data[0])}");
        }

        if (count > (long)ExpansionMax * data.Length)
        {
            throw new ImageFormatException($"GIF: expected {count} pixels, found {data.Length} bytes, too few to hold them");
        }

        return new GifLzw { _data = data[1..] }.Decode(data[0], count);
    }

    private byte[] Decode(int literalBits, int count)
    {
        var clear = 1 << literalBits;
        var starts = new int[CodesMax];
        var lengths = new int[CodesMax];
        var output = new byte[count];
        var (next, width) = (clear + 2, literalBits + 1);
        var (lastStart, lastLength) = (0, 0); // no last string after a clear
        for (var at = 0; at < count;)
        {
            var code = ReadCode(width);
            if (code == clear)
            {
                (next, width, lastLength) = (clear + 2, literalBits + 1, 0);
                continue;
            }

            if (code == clear + 1)
            {
                throw new ImageFormatException($"GIF: expected {count} pixels, found {at}");
            }

            // The string that the last code and this one's first pixel make is the next entry; this code may name it already.
            if (lastLength > 0 && next < CodesMax)
            {
                (starts[next], lengths[next]) = (lastStart, lastLength + 1);
                next++;
                if (next == 1 << width && width < 12)
                {
                    width++;
                }
            }

            int length;
            if (code < clear)
            {
                output[at] = (byte)code;
                length = 1;
            }
            else if (code < next)
            {
                length = Math.Min(lengths[code], count - at);
                for (int from = starts[code], to = at; to < at + length; from++, to++)
                {
                    output[to] = output[from]; // forwards: the string may reach into itself
                }
            }
            else
            {
                throw new ImageFormatException($"GIF: expected a code below {next}, found {code} at pixel {at}");
            }

            (lastStart, lastLength) = (at, length);
            at += length;
        }

        return output;
    }

    private int ReadCode(int width)
    {
        while (_bitCount < width)
        {
            _bits |= ReadByte() << _bitCount;
            _bitCount += 8;
        }

        var code = _bits & ((1 << width) - 1);
        _bits >>= width;
        _bitCount -= width;
        return code;
    }

    private byte ReadByte()
    {
        if (_blockLeft == 0)
        {
            _blockLeft = Take();
            if (_blockLeft == 0)
            {
                throw new ImageFormatException("GIF: expected more pixel data, found its end");
            }
        }

        _blockLeft--;
        return Take();
    }

    private byte Take()
    {
        if (_data.IsEmpty)
        {
            throw new ImageFormatException("GIF: expected more pixel data, found the end of the file");
        }

        var one = _data[0];
        _data = _data[1..];
        return one;
    }
}
