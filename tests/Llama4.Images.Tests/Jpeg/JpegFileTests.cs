using System.Buffers.Binary;

namespace Llama4.Images.Tests.Jpeg;

public sealed class JpegFileTests
{
    private static readonly byte[] Progressive = GoldenImages.Bytes("pixels/20.jpg");

    [Fact]
    public void Decode_OfARepeatedScan_IsRefused() =>
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(With(scans => [scans[0], scans[0], .. scans[1..]]))).Message.ShouldContain("from bit to bit");

    [Fact]
    public void Decode_WithoutEachOfItsScans_IsRefused()
    {
        for (var i = 0; i < Scans(Progressive).Count; i++)
        {
            Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(With(scans => [.. scans[..i], .. scans[(i + 1)..]])));
        }
    }

    [Fact]
    public void Decode_WithScansInAnotherOrderThatIsAllowed_IsTheSamePicture()
    {
        // The scans of coefficients of single components do not depend on each other until bits are refined.
        var swapped = With(scans => [scans[0], scans[2], scans[1], .. scans[3..]]);

        ImageDecoder.Decode(swapped).Rgb.ShouldBe(ImageDecoder.Decode(Progressive).Rgb);
    }

    /// <summary>The progressive golden with its scans, each with the tables before it, as <paramref name="change"/> leaves them.</summary>
    private static byte[] With(Func<byte[][], byte[][]> change)
    {
        var scans = Scans(Progressive);
        var head = Progressive.AsSpan(0, scans[0].Begin).ToArray();
        return [.. head, .. change([.. scans.Select(scan => Progressive[scan.Begin..scan.End])]).SelectMany(scan => scan), 0xFF, 0xD9];
    }

    /// <summary>Where each scan's tables begin and its data ends; the first one's tables begin behind the frame's header.</summary>
    private static List<(int Begin, int End)> Scans(byte[] file)
    {
        var scans = new List<(int Begin, int End)>();
        var (at, begin) = (2, 0);
        while (file[at + 1] != 0xD9)
        {
            var (marker, next) = (file[at + 1], at + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2)));
            if (marker == 0xDA)
            {
                while (file[next] != 0xFF || file[next + 1] == 0)
                {
                    next++;
                }

                scans.Add((begin, next));
            }

            if (marker is 0xDA or 0xC2)
            {
                begin = next;
            }

            at = next;
        }

        return scans;
    }
}
