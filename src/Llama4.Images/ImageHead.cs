namespace Llama4.Images;

/// <summary>The formats that are served.</summary>
public enum ImageFormat
{
    Png,
    Jpeg,
    WebP,
    Gif,
}

/// <summary>What a file says of its picture before any pixel is decoded.</summary>
/// <param name="StoredWidth">As stored: before EXIF turns it.</param>
/// <param name="StoredHeight">As stored.</param>
public sealed record ImageHead(ImageFormat Format, int StoredWidth, int StoredHeight, Orientation Orientation)
{
    /// <summary>The width of the picture as it is seen.</summary>
    public int Width => Orientation.SwapsSides() ? StoredHeight : StoredWidth;

    /// <summary>The height of the picture as it is seen.</summary>
    public int Height => Orientation.SwapsSides() ? StoredWidth : StoredHeight;
}
