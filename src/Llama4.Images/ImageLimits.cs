namespace Llama4.Images;

/// <summary>What one picture may cost. All three are held against the file's head, before anything is allocated for pixels.</summary>
public sealed record ImageLimits
{
    /// <summary>An array's length bounds what a picture of three bytes a pixel can have.</summary>
    private const int PixelsCeiling = 715_000_000;

    /// <summary>The limits of a server that was told nothing else.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>Bytes of the file. A photograph of 50 megapixels is about 15 MB as a JPEG.</summary>
    public int BytesMax { get; init; } = 20 << 20;

    /// <summary>
    /// Width times height: where Pillow begins to warn of bombs. As RGB that is 268 MB; a progressive JPEG takes three times as much
    /// while it is decoded.
    /// </summary>
    public int PixelsMax
    {
        get;
        init => field = value is > 0 and <= PixelsCeiling
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PixelsMax), value, $"expected 1 to {PixelsCeiling} pixels");
    } = 89_478_485;

    /// <summary>
    /// Width or height. The rule's global tile makes each row of the picture as wide as a tile before it shrinks the height, so a
    /// thin picture costs time by its length; only PNG knows sides beyond 65,535.
    /// </summary>
    public int SideMax { get; init; } = 1 << 18;

    /// <summary>Refuses a file by its length, before it is read.</summary>
    /// <exception cref="ImageFormatException">It is longer than <see cref="BytesMax"/>.</exception>
    public void CheckBytes(long bytes)
    {
        if (bytes > BytesMax)
        {
            throw new ImageFormatException($"expected at most {BytesMax} bytes, found {bytes}");
        }
    }

    /// <summary>Refuses a picture without pixels, or with too many.</summary>
    internal void CheckSize(long width, long height)
    {
        if (width <= 0 || height <= 0)
        {
            throw new ImageFormatException($"expected a width and a height of at least 1, found {width}x{height}");
        }

        if (width > SideMax || height > SideMax || width * height > PixelsMax)
        {
            throw new ImageFormatException($"expected at most {PixelsMax} pixels and {SideMax} on a side, found {width}x{height}");
        }
    }
}
