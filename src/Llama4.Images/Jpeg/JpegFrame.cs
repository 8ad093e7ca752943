using System.Buffers.Binary;

namespace Llama4.Images.Jpeg;

/// <summary>The frame header: the picture's size and how finely each component is sampled.</summary>
internal sealed class JpegFrame
{
    public required int Width { get; init; }

    public required int Height { get; init; }

    public required bool Progressive { get; init; }

    /// <summary>The file says them in this order.</summary>
    public required JpegComponent[] Components { get; init; }

    /// <summary>Greatest horizontal sampling factor.</summary>
    public int AcrossMax => Components.Max(component => component.Across);

    /// <summary>Greatest vertical sampling factor.</summary>
    public int DownMax => Components.Max(component => component.Down);

    /// <summary>Groups of blocks of all components: in a row, and rows of them.</summary>
    public (int Across, int Down) Units => (Ceil(Width, 8 * AcrossMax), Ceil(Height, 8 * DownMax));

    /// <param name="marker">C0, C1 (sequential) or C2 (progressive).</param>
    public static JpegFrame Read(int marker, ReadOnlySpan<byte> segment, ImageLimits limits)
    {
        if (segment.Length < 6 || segment.Length != 6 + 3 * segment[5])
        {
            throw new ImageFormatException($"JPEG: expected a frame header, found {segment.Length} bytes that are none");
        }

        if (segment[0] != 8)
        {
            throw new ImageFormatException($"JPEG: expected 8 bits a sample, found {segment[0]}");
        }

        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
        limits.CheckSize(width, height);
        if (segment[5] is not (1 or 3 or 4))
        {
            throw new ImageFormatException($"JPEG: expected 1, 3 or 4 components, found {segment[5]}");
        }

        var components = new JpegComponent[segment[5]];
        for (var i = 0; i < components.Length; i++)
        {
            components[i] = JpegComponent.Read(segment.Slice(6 + 3 * i, 3));
        }

        var frame = new JpegFrame { Width = width, Height = height, Progressive = marker == 0xC2, Components = components };
        foreach (var component in components)
        {
            component.Place(frame);
        }

        return frame;
    }

    internal static int Ceil(int number, int divisor) => (number + divisor - 1) / divisor;
}
