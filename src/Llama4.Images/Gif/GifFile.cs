using System.Buffers.Binary;

namespace Llama4.Images.Gif;

/// <summary>
/// A GIF up to the data of its first frame; later frames are not looked at. The picture is the logical screen, widened where the
/// frame goes beyond it. What the frame leaves free is transparent if the frame has a transparent index, else the first colour: what
/// Pillow shows, and with it the reference.
/// </summary>
internal sealed class GifFile : IImageFile
{
    private const int ScreenEnd = 13;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly GifFrame _frame;
    private readonly int _data;
    private ReadOnlyMemory<byte> _palette;
    private int? _transparent;

    public GifFile(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        _file = file;
        var screen = Part(0, ScreenEnd, "the screen's size");
        var (width, height) = (U16(screen[6..]), U16(screen[8..]));
        limits.CheckSize(width, height);
        var at = ScreenEnd;
        ReadPalette(screen[10], ref at);
        _frame = FindFrame(ref at);
        limits.CheckSize(_frame.Width, _frame.Height);
        (width, height) = (Math.Max(width, _frame.Left + _frame.Width), Math.Max(height, _frame.Top + _frame.Height));
        limits.CheckSize(width, height);
        Head = new ImageHead(ImageFormat.Gif, width, height, Orientation.Upright);
        _data = at;
    }

    public ImageHead Head { get; }

    public RgbPicture DecodeStored()
    {
        var indices = GifLzw.Decode(_file.Span[_data..], _frame.Width * _frame.Height);
        var colours = Colours();
        var picture = new RgbPicture(Head.StoredWidth, Head.StoredHeight);
        if (_frame.Width < picture.Width || _frame.Height < picture.Height)
        {
            Fill(picture, colours.AsSpan(3 * (_transparent ?? 0), 3));
        }

        var stored = 0;
        foreach (var y in _frame.RowOrder())
        {
            var row = picture.Row(_frame.Top + y).Slice(3 * _frame.Left, 3 * _frame.Width);
            foreach (var index in indices.AsSpan(stored, _frame.Width))
            {
                colours.AsSpan(3 * index, 3).CopyTo(row);
                row = row[3..];
            }

            stored += _frame.Width;
        }

        return picture;
    }

    /// <summary>Leaves <paramref name="at"/> behind the frame's descriptor and palette.</summary>
    private GifFrame FindFrame(ref int at)
    {
        while (true)
        {
            var kind = Part(at++, 1, "a frame")[0];
            switch (kind)
            {
                case (byte)'!':
                    ReadExtension(ref at);
                    break;
                case (byte)',':
                    var frame = Part(at, 9, "a frame's size");
                    at += 9;
                    ReadPalette(frame[8], ref at);
                    return new GifFrame(U16(frame), U16(frame[2..]), U16(frame[4..]), U16(frame[6..]), Interlaced: (frame[8] & 0x40) != 0);
                default:
                    throw new ImageFormatException($"GIF: expected a frame, found block {kind:X2} at byte {at - 1}");
            }
        }
    }

    private void ReadExtension(ref int at)
    {
        var control = Part(at++, 1, "an extension")[0] == 0xF9;
        while (Part(at++, 1, "an extension")[0] is var length and > 0)
        {
            var block = Part(at, length, "an extension");
            if (control && length >= 4)
            {
                _transparent = (block[0] & 1) != 0 ? block[3] : null;
            }

            at += length;
        }
    }

    /// <summary>The palette of the frame replaces that of the screen.</summary>
    private void ReadPalette(int flags, ref int at)
    {
        if ((flags & 0x80) != 0)
        {
            var bytes = 3 * (2 << (flags & 7));
            Part(at, bytes, "a palette");
            _palette = _file.Slice(at, bytes);
            at += bytes;
        }
    }

    /// <summary>R, G, B of each index. Beyond a palette is black; without any, indices are levels of grey.</summary>
    private byte[] Colours()
    {
        var colours = new byte[3 * 256];
        _palette.Span.CopyTo(colours);
        for (var i = 0; _palette.IsEmpty && i < colours.Length; i++)
        {
            colours[i] = (byte)(i / 3);
        }

        if (_transparent is { } index)
        {
            colours.AsSpan(3 * index, 3).Fill(WhitePage.Under(0, 0));
        }

        return colours;
    }

    private static void Fill(RgbPicture picture, ReadOnlySpan<byte> colour)
    {
        for (var i = 0; i < picture.Rgb.Length; i += 3)
        {
            colour.CopyTo(picture.Rgb.AsSpan(i));
        }
    }

    private ReadOnlySpan<byte> Part(int at, int length, string what) => length <= _file.Length - at
        ? _file.Span.Slice(at, length)
        : throw new ImageFormatException($"GIF: expected {what} at byte {at}, found the end of the file");

    private static int U16(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt16LittleEndian(at);
}

/// <summary>Where a frame lies on the screen.</summary>
internal sealed record GifFrame(int Left, int Top, int Width, int Height, bool Interlaced)
{
    private static readonly (int First, int Step)[] Passes = [(0, 8), (4, 8), (2, 4), (1, 2)];

    /// <summary>Which row each stored row is.</summary>
    public IEnumerable<int> RowOrder()
    {
        foreach (var (first, step) in Interlaced ? Passes : [(0, 1)])
        {
            for (var y = first; y < Height; y += step)
            {
                yield return y;
            }
        }
    }
}
