
namespace Llama4.Images.Tests;

/// <summary>Every good file in bad hands: a picture or one exception, soon, and no more memory than the picture it says it is.</summary>
public sealed class HostileFilesTests
{
    private const int CopiesOfEach = 150;

    public static TheoryData<string> Files => [.. GoldenImages.Pictures.Select(one => one.File).Concat(["bad/animated.webp", "bad/animated.gif", "bad/arithmetic.jpg"])];

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_OfDamagedFiles_GivesAPictureOrOneException(string file)
    {
        var limits = new ImageLimits { PixelsMax = 4_000_000 };
        var good = GoldenImages.Bytes(file);
        var copies = good.Length > 40_000 ? CopiesOfEach / 10 : CopiesOfEach;
        foreach (var damaged in HostileBytes.Of(good, seed: file.Sum(unit => unit), copies))
        {
            ShouldEndWell(damaged, limits);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_OfAFileCutAnywhere_NeverGivesHalfAPicture(string file)
    {
        var good = GoldenImages.Bytes(file);
        var whole = file == "bad/arithmetic.jpg" ? null : ImageDecoder.Decode(good);
        var step = Math.Max(1, good.Length / 300);
        for (var length = 0; length < good.Length; length += step)
        {
            try
            {
                ImageDecoder.Decode(good.AsMemory(0, length)).Rgb.ShouldBe(whole!.Rgb, $"{file} cut to {length} bytes");
            }
            catch (ImageFormatException)
            {
            }
        }
    }

    private static void ShouldEndWell(byte[] file, ImageLimits limits)
    {
        var started = Machine.ThreadTime();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var picture = ImageDecoder.Decode(file, limits);
            picture.Rgb.Length.ShouldBe(3 * picture.Width * picture.Height);
        }
        catch (ImageFormatException)
        {
        }

        // A CMYK picture with 2 bytes for each coefficient, samples, rows, RGB, and RGB once more when turned: below 20 bytes a pixel.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(20L * limits.PixelsMax + (4 << 20));
        (Machine.ThreadTime() - started).ShouldBeLessThan(TimeSpan.FromSeconds(10), Convert.ToHexString(file.AsSpan(0, Math.Min(file.Length, 200))));
    }
}
