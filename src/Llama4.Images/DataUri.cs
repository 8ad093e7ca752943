namespace Llama4.Images;

/// <summary>
/// A picture written into a request: <c>data:image/png;base64,…</c> (RFC 2397). The declared type is not believed, since the content
/// says what it is. Base64 may be broken into lines, percent-encoded, in the alphabet for URLs and without padding, as clients write it.
/// </summary>
public static class DataUri
{
    private const string Scheme = "data:";
    private const string Base64Marker = ";base64";

    /// <summary>More of the head than any media type needs.</summary>
    private const int HeadMax = 256;

    /// <summary>Whether the scheme is <c>data:</c>.</summary>
    public static bool Is(ReadOnlySpan<char> url) => url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The file in it.</summary>
    /// <exception cref="ImageFormatException">It is no data URI in base64, or longer than the limits allow.</exception>
    public static byte[] Read(ReadOnlySpan<char> url, ImageLimits? limits = null)
    {
        if (!Is(url))
        {
            throw new ImageFormatException($"expected {Scheme}…{Base64Marker},…, found \"{Beginning(url)}\"");
        }

        var comma = url[..Math.Min(url.Length, HeadMax)].IndexOf(',');
        if (comma < 0 || !url[..comma].EndsWith(Base64Marker, StringComparison.OrdinalIgnoreCase))
        {
            throw new ImageFormatException($"expected \"{Base64Marker},\" in the first {HeadMax} characters of a {Scheme} URL, found \"{Beginning(url)}\"");
        }

        return Decode(url[(comma + 1)..], (limits ?? ImageLimits.Default).BytesMax);
    }

    private static byte[] Decode(ReadOnlySpan<char> text, int bytesMax)
    {
        if (text.Length / 4 > bytesMax + 3L) // even if every character is percent-encoded, three for one
        {
            throw TooLong(bytesMax);
        }

        var bytes = new byte[Math.Min(text.Length / 4 * 3 + 3, bytesMax)];
        var (count, bits, bitCount, padding) = (0, 0, 0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var unit = text[i] == '%' ? Unescape(text, ref i) : text[i];
            if (unit is ' ' or '\t' or '\r' or '\n')
            {
                continue;
            }

            if (unit == '=')
            {
                padding++;
                continue;
            }

            var value = ValueOf(unit);
            if (value < 0 || padding > 0)
            {
                throw new ImageFormatException($"expected base64, found '{unit}' at character {i} of the data");
            }

            bits = bits << 6 | value;
            bitCount += 6;
            if (bitCount >= 8)
            {
                bitCount -= 8;
                bytes[count < bytes.Length ? count++ : throw TooLong(bytesMax)] = (byte)(bits >> bitCount);
            }
        }

        // Six bits over are no byte; padding, where there is any, says how many characters the last group lacks.
        if (count == 0 || bitCount == 6 || (padding > 0 && padding != bitCount / 2))
        {
            throw new ImageFormatException($"expected whole groups of base64, found {count} bytes and {bitCount} bits over, padded by {padding}");
        }

        return bytes.AsSpan(0, count).ToArray();
    }

    /// <summary>Leaves <paramref name="i"/> at the escape's last character.</summary>
    private static char Unescape(ReadOnlySpan<char> text, ref int i)
    {
        if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
        {
            throw new ImageFormatException($"expected two hexadecimal digits after '%' at character {i} of the data");
        }

        i += 2;
        return (char)Convert.FromHexString(text.Slice(i - 1, 2))[0];
    }

    private static int ValueOf(char unit) => unit switch
    {
        >= 'A' and <= 'Z' => unit - 'A',
        >= 'a' and <= 'z' => unit - 'a' + 26,
        >= '0' and <= '9' => unit - '0' + 52,
        '+' or '-' => 62,
        '/' or '_' => 63,
        _ => -1,
    };

    private static ImageFormatException TooLong(int bytesMax) => new($"expected at most {bytesMax} bytes in a {Scheme} URL, found more");

    private static string Beginning(ReadOnlySpan<char> url) => url.Length <= 40 ? url.ToString() : $"{url[..40]}…";
}
