namespace Llama4.Images;

/// <summary>A decoded picture: opaque, 8 bits a channel, no colour management.</summary>
public sealed class RgbPicture
{
    /// <param name="rgb">R, G, B of each pixel, row by row: [height, width, 3]. The picture keeps it.</param>
    public RgbPicture(int width, int height, byte[] rgb)
    {
        if (width <= 0 || height <= 0 || rgb.Length != 3L * width * height)
        {
            throw new ArgumentException($"expected 3 bytes for each of {width}x{height} pixels, found {rgb.Length}", nameof(rgb));
        }

        (Width, Height, Rgb) = (width, height, rgb);
    }

    internal RgbPicture(int width, int height)
        : this(width, height, new byte[3 * width * height])
    {
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>[height, width, 3].</summary>
    public byte[] Rgb { get; }

    internal Span<byte> Row(int y) => Rgb.AsSpan(3 * y * Width, 3 * Width);
}
