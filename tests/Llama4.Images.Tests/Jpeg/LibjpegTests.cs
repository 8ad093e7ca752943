using CsCheck;
using SkiaSharp;

namespace Llama4.Images.Tests.Jpeg;

/// <summary>SkiaSharp carries libjpeg-turbo, the reference's decoder: a second opinion on pictures that no golden holds.</summary>
public sealed class LibjpegTests
{
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
}
