using System.Buffers.Binary;
using System.Text;

namespace Llama4.Images.Png;

/// <summary>
/// The chunks of a PNG file, up to IEND; what follows is not looked at. Every check sum has to be right and every chunk whole:
/// a file that was cut or damaged is refused. An animation's default image is the picture.
/// </summary>
internal sealed class PngFile : IImageFile
{
    private const int ChunkFrame = 12; // length, name, check sum

    private readonly ReadOnlyMemory<byte> _file;
    private readonly PngHeader _header;
    private readonly List<ReadOnlyMemory<byte>> _data = [];
    private ReadOnlyMemory<byte>? _palette;
    private ReadOnlyMemory<byte>? _transparency;

    public PngFile(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        _file = file;
        var at = Signature.Length;
        var (name, first) = Next(ref at);
        if (name != "IHDR")
        {
            throw new ImageFormatException($"PNG: expected IHDR first, found {name}");
        }

        _header = PngHeader.Read(first.Span);
        limits.CheckSize(_header.Width, _header.Height);
        Head = new ImageHead(ImageFormat.Png, _header.Width, _header.Height, ReadChunks(at));
    }

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public ImageHead Head { get; }

    public RgbPicture DecodeStored()
    {
        if (_header.Colour == PngColour.Palette && _palette is null)
        {
            throw new ImageFormatException("PNG: expected a palette, found none");
        }

        var colours = new PngColours(_header, (_palette ?? default).Span, _transparency);
        return PngPixels.Decode(_header, colours, _data);
    }

    /// <summary>All chunks after the first.</summary>
    private Orientation ReadChunks(int at)
    {
        var orientation = Orientation.Upright;
        var before = "IHDR";
        while (true)
        {
            var (name, content) = Next(ref at);
            switch (name)
            {
                case "IEND":
                    return _data.Count > 0 ? orientation : throw new ImageFormatException("PNG: expected pixel data, found no IDAT");
                case "IDAT":
                    if (_data.Count > 0 && before != "IDAT")
                    {
                        throw new ImageFormatException($"PNG: expected the IDAT chunks together, found {before} between them");
                    }

                    _data.Add(content);
                    break;
                case "PLTE":
                    _palette = content.Length % 3 == 0 && content.Length is > 0 and <= 768
                        ? content
                        : throw new ImageFormatException($"PNG: expected a palette of 1 to 256 colours, found {content.Length} bytes");
                    break;
                case "tRNS" when _data.Count == 0:
                    _transparency = content;
                    break;
                case "eXIf":
                    orientation = ExifOrientation.Read(content.Span);
                    break;
                case [>= 'A' and <= 'Z', ..]: // a capital says that the picture cannot be shown without it
                    throw new ImageFormatException($"PNG: expected known critical chunks, found {name}");
            }

            before = name;
        }
    }

    /// <summary>The chunk that begins at <paramref name="at"/>, which then is where the next one begins.</summary>
    private (string Name, ReadOnlyMemory<byte> Content) Next(ref int at)
    {
        var left = _file.Length - at - ChunkFrame;
        if (left < 0)
        {
            throw new ImageFormatException($"PNG: expected a chunk at byte {at}, found the end of the file");
        }

        var chunk = _file[at..];
        var length = BinaryPrimitives.ReadUInt32BigEndian(chunk.Span);
        if (length > left)
        {
            throw new ImageFormatException($"PNG: expected {length} bytes of the chunk at byte {at}, found {left}");
        }

        var named = chunk.Slice(4, 4 + (int)length);
        var (sum, said) = (Crc32.Of(named.Span), BinaryPrimitives.ReadUInt32BigEndian(chunk.Span[(8 + (int)length)..]));
        if (sum != said)
        {
            throw new ImageFormatException($"PNG: expected check sum {said:X8} of the chunk at byte {at}, found {sum:X8}");
        }

        at += ChunkFrame + (int)length;
        return (Encoding.Latin1.GetString(named.Span[..4]), named[4..]);
    }
}
