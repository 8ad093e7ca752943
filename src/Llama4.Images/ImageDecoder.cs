using Llama4.Images.Gif;
using Llama4.Images.Jpeg;
using Llama4.Images.Png;
using Llama4.Images.WebP;

namespace Llama4.Images;

/// <summary>
/// A file's bytes to the picture a person sees on a white page: PNG, JPEG, WebP and GIF, by their content and never by a name or
/// declared type; the first frame; EXIF's orientation applied; colour profiles ignored.
/// </summary>
/// <remarks>
/// PNG, GIF and JPEG are decoded here, WebP by libwebp. A general library gives 8-bit premultiplied pixels: it loses what 16 bits,
/// transparent colour keys and raw CMYK need, fills in what a truncated file lacks, and its JPEG arithmetic is its own choice, where
/// every level has to equal the reference's.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>Reads only the file's head: what the picture's tokens follow from.</summary>
    /// <exception cref="ImageFormatException">It is none of the four formats, damaged, or beyond the limits.</exception>
    public static ImageHead ReadHead(ReadOnlyMemory<byte> file, ImageLimits? limits = null) => Open(file, limits ?? ImageLimits.Default).Head;

    /// <summary>Decodes the picture. Memory is bounded by the limits, time by them and by the file's length.</summary>
    /// <exception cref="ImageFormatException">It is none of the four formats, damaged, truncated, or beyond the limits.</exception>
    public static RgbPicture Decode(ReadOnlyMemory<byte> file, ImageLimits? limits = null)
    {
        var opened = Open(file, limits ?? ImageLimits.Default);
        return opened.Head.Orientation.Apply(opened.DecodeStored());
    }

    private static IImageFile Open(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        limits.CheckBytes(file.Length);
        var bytes = file.Span;
        return bytes.StartsWith(PngFile.Signature) ? new PngFile(file, limits)
            : bytes.StartsWith(JpegFile.Signature) ? new JpegFile(file, limits)
            : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? new GifFile(file, limits)
            : bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..].StartsWith("WEBP"u8) ? new WebPFile(file, limits)
            : throw new ImageFormatException($"expected a PNG, JPEG, WebP or GIF file, found {Beginning(bytes)}");
    }

    private static string Beginning(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? "no bytes" : $"{bytes.Length} bytes that begin with {Convert.ToHexString(bytes[..Math.Min(8, bytes.Length)])}";
}

/// <summary>A file whose head is read, its size within the limits, and whose pixels are not decoded.</summary>
internal interface IImageFile
{
    ImageHead Head { get; }

    /// <summary>The pixels as stored: before orientation. Called once.</summary>
    RgbPicture DecodeStored();
}
