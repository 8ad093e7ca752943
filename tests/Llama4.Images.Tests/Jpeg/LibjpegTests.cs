using System.Text.Json.Serialization;
using CsCheck;
using SkiaSharp;

namespace Llama4.Images.Tests.Jpeg;

/// <summary>What libjpeg-turbo, the reference's decoder, makes of pictures that no golden holds.</summary>
public sealed class LibjpegTests
{
    /// <summary>Written and decoded with libjpeg-turbo by ImageMagick (Magick.NET 15.1): eleven samplings, sequential and progressive, awkward sizes.</summary>
    public static TheoryData<string> Samplings => [.. Read().Select(one => one.What).Distinct()];

    [Theory]
    [MemberData(nameof(Samplings))]
    public void Decode_OfEverySampling_IsLibjpegsPictureBitForBit(string what)
    {
        foreach (var one in Read().Where(one => one.What == what))
        {
            GoldenImages.Sha256(ImageDecoder.Decode(Convert.FromBase64String(one.File)).Rgb).ShouldBe(one.RgbSha256);
        }
    }

    /// <summary>SkiaSharp carries libjpeg-turbo too.</summary>
    [Fact]
    public void Decode_OfAnyJpeg_IsLibjpegsPictureBitForBit()
    {
        var sampling = Gen.OneOf(
            Gen.Const(SKJpegEncoderDownsample.Downsample420), Gen.Const(SKJpegEncoderDownsample.Downsample422), Gen.Const(SKJpegEncoderDownsample.Downsample444));
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 100], sampling, Gen.Int).Sample((width, height, quality, downsample, seed) =>
        {
            var file = Encode(width, height, quality, downsample, seed);

            ImageDecoder.Decode(file).Rgb.ShouldBe(DecodeWithLibjpeg(file));
        });
    }

    private static List<SamplingCase> Read() => GoldenImages.ReadLines<SamplingCase>(
        Path.Combine(Golden.Checkout, "tests", "Llama4.Images.Tests", "Jpeg", "libjpeg-turbo.jsonl.gz"));

    private static byte[] Encode(int width, int height, int quality, SKJpegEncoderDownsample downsample, int seed)
    {
        var random = new Random(seed);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var noise = random.Next(1, 256);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                bitmap.SetPixel(x, y, new SKColor(Level(3 * x), Level(5 * y), Level(x + 4 * y)));
            }
        }

        using var pixels = bitmap.PeekPixels();
        using var data = pixels!.Encode(new SKJpegEncoderOptions(quality, downsample, SKJpegEncoderAlphaOption.Ignore));
        return data!.ToArray();

        byte Level(int value) => (byte)Math.Clamp(value + random.Next(noise) - noise / 2, 0, 255);
    }

    private static byte[] DecodeWithLibjpeg(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        using var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, colorspace: null));
        codec.GetPixels(bitmap.Info, bitmap.GetPixels()).ShouldBe(SKCodecResult.Success);
        return [.. bitmap.GetPixelSpan().ToArray().Where((_, i) => i % 4 != 3)];
    }

    private sealed record SamplingCase(string What, string File, [property: JsonPropertyName("rgb_sha256")] string RgbSha256);
}
