using System.Buffers.Binary;

namespace Llama4.Images;

/// <summary>Finds the orientation in an EXIF block. A block that is damaged says nothing: a picture is not refused for what was written beside it.</summary>
internal static class ExifOrientation
{
    private const int OrientationTag = 0x0112;
    private const int ShortType = 3;
    private const int LongType = 4;

    private static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    /// <param name="exif">A TIFF header and its folders, with or without the <c>Exif</c> that JPEG puts before it.</param>
    public static Orientation Read(ReadOnlySpan<byte> exif)
    {
        while (exif.StartsWith(Prefix))
        {
            exif = exif[Prefix.Length..];
        }

        var little = exif.StartsWith("II*\0"u8);
        if ((!little && !exif.StartsWith("MM\0*"u8)) || exif.Length < 8)
        {
            return Orientation.Upright;
        }

        var folder = U32(exif[4..], little);
        if (folder > exif.Length - 2)
        {
            return Orientation.Upright;
        }

        var entries = U16(exif[(int)folder..], little);
        var rest = exif[((int)folder + 2)..];
        var found = Orientation.Upright;
        for (; entries > 0 && rest.Length >= 12; entries--, rest = rest[12..])
        {
            if (U16(rest, little) == OrientationTag && U32(rest[4..], little) == 1)
            {
                found = Of(U16(rest[2..], little) switch
                {
                    ShortType => U16(rest[8..], little),
                    LongType => U32(rest[8..], little),
                    _ => 0,
                });
            }
        }

        return found;
    }

    private static Orientation Of(uint value) => value is >= 1 and <= 8 ? (Orientation)value : Orientation.Upright;

    private static uint U16(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint U32(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
