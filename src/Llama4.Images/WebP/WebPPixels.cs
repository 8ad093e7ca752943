using SkiaSharp;

namespace Llama4.Images.WebP;

/// <summary>A WebP's first frame by libwebp, which SkiaSharp carries: lossless is exact, lossy by libwebp's own conversion, as in the reference.</summary>
internal static class WebPPixels
{
    /// <param name="riff">A whole WebP file.</param>
    /// <param name="width">As its head says, as <paramref name="height"/>.</param>
    public static RgbPicture Decode(ReadOnlySpan<byte> riff, int width, int height)
    {
        using var data = SKData.CreateCopy(riff);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.Info.Width != width || codec.Info.Height != height)
        {
            throw new ImageFormatException($"WebP: expected an image of {width}x{height}, found one that is damaged");
        }

        // Not multiplied by alpha, which would round, and without a colour space, which would convert.
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            throw new ImageFormatException($"WebP: expected whole image data, found it damaged or cut ({result})");
        }

        return OnWhite(bitmap);
    }

    private static RgbPicture OnWhite(SKBitmap bitmap)
    {
        var picture = new RgbPicture(bitmap.Width, bitmap.Height);
        for (var y = 0; y < picture.Height; y++)
        {
            var from = bitmap.GetPixelSpan().Slice(y * bitmap.RowBytes, 4 * bitmap.Width);
            var row = picture.Row(y);
            for (int i = 0, to = 0; i < from.Length; i += 4, to += 3)
            {
                var alpha = from[i + 3];
                row[to] = WhitePage.Under(from[i], alpha);
                row[to + 1] = WhitePage.Under(from[i + 1], alpha);
                row[to + 2] = WhitePage.Under(from[i + 2], alpha);
            }
        }

        return picture;
    }
}
