using CsCheck;

namespace Llama4.Images.Tests.Tiling;

public sealed class TileResizeTests
{
    [Fact]
    public void Resize_OfAnyPicture_IsTheRuleDoneThePlainWay() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int).Sample((width, height, toWidth, toHeight, seed) =>
        {
            var rgb = new byte[3 * width * height];
            new Random(seed).NextBytes(rgb);

            TileResize.Resize(new RgbPicture(width, height, rgb), toWidth, toHeight).Rgb.ShouldBe(Plain(rgb, width, height, toWidth, toHeight));
        });

    [Fact]
    public void Resize_OfAThinPicture_TakesLittleMemory()
    {
        var thin = new RgbPicture(1, 200_000, new byte[600_000]);
        TileResize.Resize(thin, 4, 4); // what runs the first time allocates more
        var before = GC.GetAllocatedBytesForCurrentThread();

        TileResize.Resize(thin, 56, 56);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16 << 20); // all rows at this width would be 34 MB
    }

    private static byte[] Plain(byte[] rgb, int width, int height, int toWidth, int toHeight)
    {
        var rows = new byte[3 * toWidth * height];
        var across = new ResizeWeights(width, toWidth);
        for (var i = 0; i < rows.Length; i++)
        {
            var (y, x, channel) = (i / 3 / toWidth, i / 3 % toWidth, i % 3);
            var (sum, j) = (across.Half, 0);
            foreach (int weight in across.Of(x))
                sum += weight * rgb[3 * (y * width + across.First(x) + j++) + channel];
            rows[i] = (byte)Math.Clamp(sum >> across.Precision, 0, 255);
        }

        var resized = new byte[3 * toWidth * toHeight];
        var down = new ResizeWeights(height, toHeight);
        for (var i = 0; i < resized.Length; i++)
        {
            var (y, x, channel) = (i / 3 / toWidth, i / 3 % toWidth, i % 3);
            var (sum, j) = (down.Half, 0);
            foreach (int weight in down.Of(y))
                sum += weight * rows[3 * ((down.First(y) + j++) * toWidth + x) + channel];
            resized[i] = (byte)Math.Clamp(sum >> down.Precision, 0, 255);
        }

        return resized;
    }
}
