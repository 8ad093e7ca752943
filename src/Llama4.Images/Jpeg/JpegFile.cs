using System.Buffers.Binary;

namespace Llama4.Images.Jpeg;

/// <summary>
/// A JPEG: sequential or progressive, Huffman-coded, 8 bits a sample, any sampling that divides evenly; decoded with libjpeg-turbo's
/// arithmetic, bit for bit. Where that library warns and goes on with a picture of its own making, the file is refused here:
/// codes that are none, scans that end early, coefficients whose last bits never came, a missing end.
/// </summary>
internal sealed class JpegFile : IImageFile
{
    private readonly ReadOnlyMemory<byte> _file;
    private readonly ImageLimits _limits;
    private readonly JpegTables _tables = new();
    private readonly JpegFrame _frame;
    private readonly int _firstScan;
    private JpegFrame? _found;
    private Orientation? _orientation;
    private bool _isJfif;
    private int? _adobeTransform;

    public JpegFile(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        (_file, _limits) = (file, limits);
        var at = 2;
        if (ReadUntilScan(ref at) is not Markers.StartOfScan || _found is null)
        {
            throw new ImageFormatException("JPEG: expected a frame and a scan, found none");
        }

        (_frame, _firstScan) = (_found, at);
        Head = new ImageHead(ImageFormat.Jpeg, _frame.Width, _frame.Height, _orientation ?? Orientation.Upright);
    }

    public static ReadOnlySpan<byte> Signature => [0xFF, Markers.StartOfImage, 0xFF];

    public ImageHead Head { get; }

    public RgbPicture DecodeStored()
    {
        RefuseEmpty();
        var at = _firstScan;
        do
        {
            var scan = JpegScan.Read(Segment(ref at), _frame, _tables);
            at = scan.Decode(_file.Span, at, _frame, _tables.RestartInterval);
        }
        while (ReadUntilScan(ref at) == Markers.StartOfScan);

        foreach (var component in _frame.Components)
        {
            RefuseIncomplete(component);
            component.Finish();
        }

        return ToPicture();
    }

    /// <summary>Reads segments up to the next scan's or the end of the image, whichever it is.</summary>
    private int ReadUntilScan(ref int at)
    {
        while (true)
        {
            at = Markers.Next(_file.Span, at, out var marker);
            switch (marker)
            {
                case Markers.StartOfScan or Markers.EndOfImage:
                    return marker;
                case Markers.StartOfImage:
                    throw new ImageFormatException($"JPEG: expected one image, found the start of another at byte {at}");
                case 0x01 or >= 0xD0 and <= 0xD7: // stands alone; between scans it means nothing
                    break;
                default:
                    ReadSegment(marker, Segment(ref at));
                    break;
            }
        }
    }

    private void ReadSegment(int marker, ReadOnlySpan<byte> segment)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or 0xC2:
                _found = _found is null
                    ? JpegFrame.Read(marker, segment, _limits)
                    : throw new ImageFormatException("JPEG: expected one frame, found another");
                break;
            case 0xC4:
                _tables.ReadHuffman(segment);
                break;
            case >= 0xC3 and <= 0xCF and not 0xC8 and not 0xCC:
                throw new ImageFormatException($"JPEG: expected sequential or progressive Huffman coding (SOF0 to SOF2), found SOF{marker - 0xC0}");
            case 0xDB:
                _tables.ReadQuantisers(segment);
                break;
            case 0xDD:
                _tables.ReadRestartInterval(segment);
                break;
            case 0xE0 when segment.Length >= 14 && segment.StartsWith("JFIF\0"u8):
                _isJfif = true;
                break;
            case 0xE1 when segment.StartsWith("Exif\0\0"u8):
                _orientation ??= ExifOrientation.Read(segment);
                break;
            case 0xEE when segment.Length >= 12 && segment.StartsWith("Adobe"u8):
                _adobeTransform = segment[11];
                break;
        }
    }

    /// <summary>The content of the segment whose length stands at <paramref name="at"/>, which then is behind it.</summary>
    private ReadOnlySpan<byte> Segment(ref int at)
    {
        var rest = _file.Span[at..];
        var length = rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (length < 2 || length > rest.Length)
        {
            throw new ImageFormatException($"JPEG: expected a segment of at least 2 bytes at byte {at}, found {length} of {rest.Length}");
        }

        at += length;
        return rest[2..length];
    }

    /// <summary>Said before memory is taken: a block costs a bit at the least.</summary>
    private void RefuseEmpty()
    {
        var blocks = _frame.Components.Sum(component => (long)component.BlocksAcross * component.BlocksDown);
        if (blocks > 8L * (_file.Length - _firstScan))
        {
            throw new ImageFormatException($"JPEG: expected {blocks} blocks, found {_file.Length - _firstScan} bytes, too few to hold them");
        }
    }

    private void RefuseIncomplete(JpegComponent component)
    {
        if (component.Scans == 0 || (_frame.Progressive && component.LowestBits.Any(bit => bit != 0)))
        {
            throw new ImageFormatException($"JPEG: expected all coefficients of component {component.Id}, found that some of its scans are missing");
        }
    }

    private RgbPicture ToPicture()
    {
        var space = ColourSpace();
        var picture = new RgbPicture(_frame.Width, _frame.Height);
        var rows = Array.ConvertAll(_frame.Components, component => new byte[component.Stride * component.PixelsAcross]);
        var sums = new int[_frame.Components.Max(component => component.Width)];
        for (var y = 0; y < picture.Height; y++)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                Upsampling.Row(_frame.Components[i], y, rows[i], sums);
            }

            JpegColours.Convert(space, rows, picture.Row(y));
        }

        return picture;
    }

    /// <summary>libjpeg's guess: JFIF's marker, else Adobe's, else the components' names.</summary>
    private JpegColourSpace ColourSpace() => _frame.Components.Length switch
    {
        1 => JpegColourSpace.Grey,
        3 when _isJfif => JpegColourSpace.YCbCr,
        3 when _adobeTransform is { } transform => transform == 0 ? JpegColourSpace.Rgb : JpegColourSpace.YCbCr,
        3 => _frame.Components is [{ Id: 'R' }, { Id: 'G' }, { Id: 'B' }] ? JpegColourSpace.Rgb : JpegColourSpace.YCbCr,
        _ => _adobeTransform is null or 0 ? JpegColourSpace.Cmyk : JpegColourSpace.Ycck,
    };
}
