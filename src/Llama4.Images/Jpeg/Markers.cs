namespace Llama4.Images.Jpeg;

/// <summary>Finds markers: FF and a byte that is neither 0 nor FF.</summary>
internal static class Markers
{
    public const int StartOfImage = 0xD8;
    public const int EndOfImage = 0xD9;
    public const int StartOfScan = 0xDA;

    /// <summary>The first marker at or after <paramref name="at"/>, whatever stands before it.</summary>
    /// <returns>Where what follows it begins.</returns>
    public static int Next(ReadOnlySpan<byte> file, int at, out int marker)
    {
        for (; at < file.Length - 1; at++)
        {
            if (file[at] == 0xFF && file[at + 1] is not (0 or 0xFF))
            {
                marker = file[at + 1];
                return at + 2;
            }
        }

        throw new ImageFormatException("JPEG: expected another marker, found the end of the file");
    }
}
