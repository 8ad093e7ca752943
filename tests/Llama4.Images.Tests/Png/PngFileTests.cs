using System.Buffers.Binary;
using CsCheck;
using Llama4.Images.Png;

namespace Llama4.Images.Tests.Png;

public sealed class PngFileTests
{
    private static readonly (PngColour Colour, int Depth)[] Kinds =
    [
        (PngColour.Grey, 1), (PngColour.Grey, 2), (PngColour.Grey, 4), (PngColour.Grey, 8), (PngColour.Grey, 16),
        (PngColour.Palette, 1), (PngColour.Palette, 2), (PngColour.Palette, 4), (PngColour.Palette, 8),
        (PngColour.Rgb, 8), (PngColour.Rgb, 16), (PngColour.GreyAlpha, 8), (PngColour.GreyAlpha, 16), (PngColour.Rgba, 8), (PngColour.Rgba, 16),
    ];

    [Fact]
    public void Decode_OfEveryKindOfPng_IsTheRuleDonePixelByPixel() =>
        Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int[1, 20], Gen.Int[1, 20], Gen.Bool, Gen.Bool, Gen.Int).Sample((kind, width, height, interlaced, keyed, seed) =>
        {
            var random = new Random(seed);
            var (colour, depth) = Kinds[kind];
            var channels = PngWriter.Channels(colour);
            var levels = colour == PngColour.Palette ? Math.Min(1 << depth, 200) : 1 << depth;
            var samples = Enumerable.Range(0, width * height * channels).Select(_ => (ushort)random.Next(levels)).ToArray();
            var palette = Bytes(random, 3 * levels % 769);
            var transparency = !keyed || channels is 2 or 4 ? null
                : colour == PngColour.Palette ? Bytes(random, random.Next(1, levels + 1))
                : Key(samples.AsSpan(random.Next(width * height) * channels, channels));
            var chunks = new List<(string, byte[])>();
            if (colour == PngColour.Palette)
            {
                chunks.Add(("PLTE", palette));
            }

            if (transparency is not null)
            {
                chunks.Add(("tRNS", transparency));
            }

            var file = new PngWriter(width, height, depth, colour, interlaced, random).Write(samples, [.. chunks]);

            ImageDecoder.Decode(file).Rgb.ShouldBe(
                samples.Chunk(channels).SelectMany(pixel => Seen(pixel, depth, colour, palette, transparency)), $"{colour} {depth}");
        });

    [Fact]
    public void Decode_OfDamagedDataWithRightCheckSums_GivesAPictureOrOneException()
    {
        var random = new Random(5);
        foreach (var (colour, depth) in Kinds)
        {
            var samples = Enumerable.Range(0, 30 * 20 * PngWriter.Channels(colour)).Select(i => (ushort)(i / 7 % (1 << depth))).ToArray();
            var good = new PngWriter(30, 20, depth, colour, interlaced: depth < 4, random).Write(samples, ("PLTE", new byte[3 << Math.Min(depth, 8)]));
            for (var i = 0; i < 200; i++)
            {
                var damaged = Resummed(Flipped(good, random));
                try
                {
                    ImageDecoder.Decode(damaged, new ImageLimits { PixelsMax = 1_000_000 });
                }
                catch (ImageFormatException)
                {
                }
            }
        }
    }

    [Fact]
    public void Decode_WithoutAPalette_IsRefused() =>
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(new PngWriter(2, 2, 8, PngColour.Palette, false, new Random(1)).Write(new ushort[4])))
            .Message.ShouldBe("PNG: expected a palette, found none");

    [Fact]
    public void Decode_WithAnUnknownCriticalChunk_IsRefused() =>
        Should.Throw<ImageFormatException>(() => ImageDecoder.Decode(new PngWriter(2, 2, 8, PngColour.Grey, false, new Random(1)).Write(new ushort[4], ("ABCD", []))))
            .Message.ShouldContain("found ABCD");

    private static byte[] Flipped(byte[] file, Random random)
    {
        byte[] flipped = [.. file];
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            flipped[random.Next(24, flipped.Length)] ^= (byte)(1 << random.Next(8));
        }

        return flipped;
    }

    /// <summary>The file with the check sums that its chunks ought to have.</summary>
    private static byte[] Resummed(byte[] file)
    {
        for (var at = 8; at + 12 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - 12)
            {
                break;
            }

            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + 8 + (int)length), Crc32.Of(file.AsSpan(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }

        return file;
    }

    private static byte[] Seen(ushort[] pixel, int depth, PngColour colour, byte[] palette, byte[]? transparency)
    {
        if (colour == PngColour.Palette)
        {
            var alpha = transparency is not null && pixel[0] < transparency.Length ? transparency[pixel[0]] : 255;
            return [.. palette[(3 * pixel[0])..(3 * pixel[0] + 3)].Select(level => OnWhite(level, alpha))];
        }

        var isKey = transparency is not null && Key(pixel).AsSpan().SequenceEqual(transparency);
        var levels = Array.ConvertAll(pixel, sample => depth == 16 ? sample >> 8 : sample * 255 / ((1 << depth) - 1));
        var opacity = isKey ? 0 : colour is PngColour.GreyAlpha or PngColour.Rgba ? levels[^1] : 255;
        int[] rgb = colour is PngColour.Rgb or PngColour.Rgba ? levels[..3] : [levels[0], levels[0], levels[0]];
        return [.. rgb.Select(level => OnWhite(level, opacity))];
    }

    private static byte OnWhite(int level, int alpha) => (byte)Math.Round((level * alpha + 255 * (255 - alpha)) / 255.0, MidpointRounding.AwayFromZero);

    private static byte[] Key(ReadOnlySpan<ushort> samples)
    {
        var key = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(2 * i), samples[i]);
        }

        return key;
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
