using System.Buffers.Binary;
using Llama4.Images.Gif;

namespace Llama4.Images.Tests.Gif;

public sealed class GifFileTests
{
    private static readonly byte[] Palette = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];

    [Fact]
    public void Decode_OfAFrameInsideItsScreen_LeavesTheFirstColourAround()
    {
        var picture = ImageDecoder.Decode(File(4, 3, new(1, 1, 2, 1, false), [1, 3]));

        Pixel(picture, 0, 0).ShouldBe([10, 20, 30]);
        Pixel(picture, 1, 1).ShouldBe([40, 50, 60]);
        Pixel(picture, 2, 1).ShouldBe([100, 110, 120]);
        Pixel(picture, 3, 2).ShouldBe([10, 20, 30]);
    }

    [Fact]
    public void Decode_WithATransparentIndex_IsWhiteThereAndAround()
    {
        var picture = ImageDecoder.Decode(File(3, 1, new(0, 0, 2, 1, false), [1, 2], transparent: 1));

        Pixel(picture, 0, 0).ShouldBe([255, 255, 255]);
        Pixel(picture, 1, 0).ShouldBe([70, 80, 90]);
        Pixel(picture, 2, 0).ShouldBe([255, 255, 255]);
    }

    [Fact]
    public void Decode_OfAFrameBeyondItsScreen_WidensThePicture()
    {
        var picture = ImageDecoder.Decode(File(1, 1, new(1, 2, 2, 1, false), [2, 2]));

        (picture.Width, picture.Height).ShouldBe((3, 3));
        Pixel(picture, 2, 2).ShouldBe([70, 80, 90]);
    }

    [Fact]
    public void Decode_OfInterlacedRows_PutsThemInOrder()
    {
        int[] stored = [0, 8, 4, 2, 6, 10, 1, 3, 5, 7, 9];

        var picture = ImageDecoder.Decode(File(1, 11, new(0, 0, 1, 11, true), [.. stored.Select(y => (byte)(y % 4))]));

        for (var y = 0; y < 11; y++)
        {
            Pixel(picture, 0, y)[0].ShouldBe(Palette[3 * (y % 4)]);
        }
    }

    [Theory]
    [InlineData(0, 1, 1, 1)]
    [InlineData(1, 0, 1, 1)]
    [InlineData(1, 1, 0, 1)]
    [InlineData(1, 1, 1, 0)]
    public void Decode_WithoutPixels_IsRefused(int width, int height, int frameWidth, int frameHeight) =>
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(File(width, height, new(0, 0, frameWidth, frameHeight, false), [])))
            .Message.ShouldContain("at least 1");

    [Fact]
    public void Decode_OfTooFewPixels_IsRefused() =>
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(File(2, 2, new(0, 0, 2, 2, false), [1, 2, 3])))
            .Message.ShouldBe("GIF: expected 4 pixels, found 3");

    private static byte[] Pixel(RgbPicture picture, int x, int y) => picture.Rgb[(3 * (y * picture.Width + x))..(3 * (y * picture.Width + x) + 3)];

    /// <summary>A GIF of four colours whose data clears its table before each pixel: all codes have 3 bits.</summary>
    private static byte[] File(int width, int height, GifFrame frame, byte[] indices, int? transparent = null)
    {
        int[] codes = [.. indices.SelectMany(index => new[] { 4, index }), 5];
        var data = new byte[(3 * codes.Length + 7) / 8];
        for (var bit = 0; bit < 3 * codes.Length; bit++)
        {
            data[bit / 8] |= (byte)((codes[bit / 3] >> bit % 3 & 1) << bit % 8);
        }

        return
        [
            .. "GIF89a"u8, .. U16(width), .. U16(height), 0x81, 0, 0, .. Palette,
            .. transparent is { } index ? [(byte)'!', 0xF9, 4, 1, 0, 0, (byte)index, 0] : Array.Empty<byte>(),
            (byte)',', .. U16(frame.Left), .. U16(frame.Top), .. U16(frame.Width), .. U16(frame.Height), (byte)(frame.Interlaced ? 0x40 : 0),
            2, (byte)data.Length, .. data, 0, (byte)';',
        ];
    }

    private static byte[] U16(int number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)number);
        return bytes;
    }
}
