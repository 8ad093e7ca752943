using Llama4.Images.Png;

namespace Llama4.Images.Tests;

public sealed class ImageDecoderTests
{
    public static TheoryData<string> GoldenFiles => [.. GoldenImages.Pictures.Select(one => one.File)];

    public static TheoryData<string> BadFiles => [.. GoldenImages.Read<BadCase>("bad", "expected.jsonl").Select(one => one.File)];

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void Decode_OfAGoldenFile_IsTheReferencesPicture(string file)
    {
        var expected = GoldenImages.Pictures.Single(one => one.File == file);
        var bytes = GoldenImages.Bytes(file);

        var head = ImageDecoder.ReadHead(bytes);
        var picture = ImageDecoder.Decode(bytes);

        (head.Width, head.Height).ShouldBe((expected.Width, expected.Height));
        (picture.Width, picture.Height).ShouldBe((expected.Width, expected.Height));
        GoldenImages.Sha256(picture.Rgb).ShouldBe(expected.RgbSha256);
    }

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void Decode_OfABadFile_IsWhatIsExpectedOfIt(string file)
    {
        var expected = GoldenImages.Read<BadCase>("bad", "expected.jsonl").Single(one => one.File == file);
        var bytes = GoldenImages.Bytes(file);
        RgbPicture picture;
        try
        {
            picture = ImageDecoder.Decode(bytes);
        }
        catch (ImageFormatException error)
        {
            expected.Expect.ShouldNotBe("accept", error.Message);
            error.Message.ShouldContain("expected");
            return;
        }

        expected.Expect.ShouldNotBe("reject");
        if (expected.RgbSha256 is not null)
        {
            (picture.Width, picture.Height).ShouldBe((expected.Width!.Value, expected.Height!.Value));
            GoldenImages.Sha256(picture.Rgb).ShouldBe(expected.RgbSha256);
        }
    }

    [Theory]
    [InlineData("bad/huge-declared.png")]
    [InlineData("bad/bomb.png")]
    [InlineData("bad/max-int.png")]
    [InlineData("bad/row-overflow.png")]
    [InlineData("bad/huge-declared.jpg")]
    [InlineData("bad/huge-screen.gif")]
    public void Decode_OfAHugePicture_SaysTheSizeAndTakesNoMemory(string file)
    {
        var bytes = GoldenImages.Bytes(file);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(bytes));

        error.Message.ShouldContain($"expected at most {ImageLimits.Default.PixelsMax} pixels");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public void Decode_BeyondTheLimits_IsRefusedFromTheHead()
    {
        var bytes = GoldenImages.Bytes("pixels/41.png"); // 336x336

        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(bytes, new ImageLimits { PixelsMax = 336 * 336 - 1 })).Message.ShouldContain("336x336");
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(bytes, new ImageLimits { BytesMax = bytes.Length - 1 })).Message.ShouldContain("bytes");
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(bytes, new ImageLimits { SideMax = 335 })).Message.ShouldContain("on a side");
        ImageDecoder.Decode(bytes, new ImageLimits { PixelsMax = 336 * 336, BytesMax = bytes.Length, SideMax = 336 }).Width.ShouldBe(336);
    }

    [Fact]
    public void Decode_OfSmallFilesThatDeclareMuch_TakesNoMemory()
    {
        var png = GoldenImages.Bytes("bad/max-int.png");
        foreach (var file in new[] { Declaring(png, 9000, 9000), Declaring(GoldenImages.Bytes("bad/zero-height.jpg"), 9000, 9000) })
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(file)).Message.ShouldContain("too few to hold them");
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
        }
    }

    [Fact]
    public void Of_NamesTheImage() =>
        new ImageFormatException("expected a PNG").Of("messages[0].content[1]").Message.ShouldBe("messages[0].content[1]: expected a PNG");

    /// <summary>The file with another size in its head.</summary>
    private static byte[] Declaring(byte[] file, int width, int height)
    {
        byte[] changed = [.. file];
        if (changed[0] == 0xFF)
        {
            var frame = changed.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(frame + 5), (ushort)height);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(frame + 7), (ushort)width);
            return changed;
        }

        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(20), height);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(changed.AsSpan(29), Crc32.Of(changed.AsSpan(12, 17)));
        return changed;
    }
}
