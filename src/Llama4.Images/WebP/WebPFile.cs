using System.Buffers.Binary;
using System.Text;

namespace Llama4.Images.WebP;

/// <summary>
/// The chunks of a WebP file. The size and whether all is there is decided here, from the container; libwebp gets only what is whole
/// and within the limits.
/// </summary>
internal sealed class WebPFile : IImageFile
{
    private const int RiffHead = 12; // RIFF, size, WEBP
    private const int ChunkHead = 8; // name, size
    private const int ExifFlag = 8;

    private readonly ReadOnlyMemory<byte> _riff;

    public WebPFile(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        var said = BinaryPrimitives.ReadUInt32LittleEndian(file.Span[4..]) + 8L;
        if (said < RiffHead || said > file.Length)
        {
            throw new ImageFormatException($"WebP: expected {said} bytes, found {file.Length}");
        }

        _riff = file[..(int)said];
        var (width, height, orientation) = ReadChunks(limits);
        Head = new ImageHead(ImageFormat.WebP, width, height, orientation);
    }

    public ImageHead Head { get; }

    public RgbPicture DecodeStored() => WebPPixels.Decode(_riff.Span, Head.StoredWidth, Head.StoredHeight);

    private (int Width, int Height, Orientation Orientation) ReadChunks(ImageLimits limits)
    {
        (int Width, int Height)? canvas = null; // of the extended format
        (int Width, int Height)? still = null;
        var animated = false;
        var readsExif = false;
        var orientation = Orientation.Upright;
        for (var at = RiffHead; at < _riff.Length;)
        {
            var content = Next(ref at, out var name);
            switch (name)
            {
                case "VP8X" when canvas is null && still is null:
                    canvas = Canvas(content);
                    readsExif = (content[0] & ExifFlag) != 0;
                    limits.CheckSize(canvas.Value.Width, canvas.Value.Height);
                    break;
                case "VP8 " or "VP8L" when still is null:
                    still = name == "VP8L" ? Lossless(content) : Lossy(content);
                    limits.CheckSize(still.Value.Width, still.Value.Height);
                    break;
                case "ANMF":
                    animated = true;
                    break;
                case "EXIF" when readsExif:
                    orientation = ExifOrientation.Read(content);
                    break;
            }
        }

        var size = canvas ?? still;
        if (size is null || (still is null && !animated))
        {
            throw new ImageFormatException("WebP: expected an image, found none");
        }

        return (size.Value.Width, size.Value.Height, orientation);
    }

    private ReadOnlySpan<byte> Next(ref int at, out string name)
    {
        var left = _riff.Length - at - ChunkHead;
        var length = left < 0 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(_riff.Span[(at + 4)..]);
        if (length > left)
        {
            throw new ImageFormatException($"WebP: expected a whole chunk at byte {at}, found {left + ChunkHead} bytes");
        }

        name = Encoding.Latin1.GetString(_riff.Span.Slice(at, 4));
        var content = _riff.Span.Slice(at + ChunkHead, (int)length);
        at += ChunkHead + content.Length + (content.Length & 1);
        return content;
    }

    private static (int Width, int Height) Canvas(ReadOnlySpan<byte> content) => content.Length >= 10
        ? (1 + U24(content[4..]), 1 + U24(content[7..]))
        : throw new ImageFormatException($"WebP: expected 10 bytes of VP8X, found {content.Length}");

    private static (int Width, int Height) Lossy(ReadOnlySpan<byte> content) =>
        content.Length >= 10 && (content[0] & 1) == 0 && content[3..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? (BinaryPrimitives.ReadUInt16LittleEndian(content[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(content[8..]) & 0x3FFF)
            : throw new ImageFormatException("WebP: expected a VP8 key frame, found none");

    private static (int Width, int Height) Lossless(ReadOnlySpan<byte> content)
    {
        if (content.Length < 5 || content[0] != 0x2F)
        {
            throw new ImageFormatException("WebP: expected a VP8L image, found none");
        }

        var sides = BinaryPrimitives.ReadUInt32LittleEndian(content[1..]);
        return (1 + (int)(sides & 0x3FFF), 1 + (int)(sides >> 14 & 0x3FFF));
    }

    private static int U24(ReadOnlySpan<byte> at) => at[0] | at[1] << 8 | at[2] << 16;
}
