using System.Text.Json;

namespace Llama4.Model.Tests;

public class TilePixelsTests
{
    private static readonly VisionConfig Vision = VisionConfigs.Of(tile: 6, patch: 2, channels: 3);

    [Fact]
    public void Unfold_OfCodedPixels_PutsThemChannelByChannelLineByLine()
    {
        var pixels = new float[2 * Vision.PixelsOfTile];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = i;
        var patches = new float[2 * 9 * 12];

        TilePixels.OfValues(Vision, pixels).Unfold(0, 2, patches);

        for (var i = 0; i < patches.Length; i++)
        {
            int column = i % 12, patch = i / 12 % 9, tile = i / 108;
            int channel = column / 4, y = patch / 3 * 2 + column / 2 % 2, x = patch % 3 * 2 + column % 2;
            patches[i].ShouldBe(((tile * 3 + channel) * 6 + y) * 6 + x, $"element {i}");
        }
        var second = new float[9 * 12];
        TilePixels.OfValues(Vision, pixels).Unfold(1, 1, second);
        second.ShouldBe(patches[108..]);
    }

    /// <summary>The middle of the range, where three roundings and one differ: tests/golden's image values, step 6.</summary>
    [Theory]
    [InlineData(0, 0xBF80)]
    [InlineData(255, 0x3F80)]
    [InlineData(1, 0xBF7E)]
    public void Normalised_OfALevel_IsTheReferencesBf16(byte level, int bits) => ((int)TilePixels.Normalised(level)).ShouldBe(bits);

    [Fact]
    public void Normalised_OfAllLevels_DiffersFromOneRoundingInHalfOfThem()
    {
        var levels = Enumerable.Range(0, 256).ToArray();
        var once = levels.Select(level => Bf16.FromFloat((level / 255f - 0.5f) / 0.5f));
        levels.Zip(once).Count(pair => TilePixels.Normalised((byte)pair.First) != pair.Second).ShouldBe(128);
    }

    [Fact]
    public void Unfold_OfLevels_IsThatOfTheirValues()
    {
        var levels = Enumerable.Range(0, Vision.PixelsOfTile).Select(i => (byte)(i * 37)).ToArray();
        var values = Array.ConvertAll(levels, level => Bf16.ToFloat(TilePixels.Normalised(level)));
        float[] fromLevels = new float[108], fromValues = new float[108];
        ushort[] bitsFromLevels = new ushort[108], bitsFromValues = new ushort[108];

        TilePixels.OfLevels(Vision, levels).Unfold(0, 1, fromLevels);
        TilePixels.OfValues(Vision, values).Unfold(0, 1, fromValues);
        TilePixels.OfLevels(Vision, levels).Unfold(0, 1, bitsFromLevels);
        TilePixels.OfValues(Vision, values).Unfold(0, 1, bitsFromValues);

        fromLevels.ShouldBe(fromValues);
        bitsFromLevels.ShouldBe(bitsFromValues);
        Array.ConvertAll(bitsFromLevels, Bf16.ToFloat).ShouldBe(fromLevels);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(107)]
    [InlineData(109)]
    public void OfLevels_OfPartsOfATile_SaysHowMany(int pixels) =>
        Should.Throw<ArgumentException>(() => TilePixels.OfLevels(Vision, new byte[pixels])).Message.ShouldContain($"{pixels} pixels are not whole tiles [3, 6, 6]");

    [Fact]
    public void ShuffledPatch_OfTheReleasedGeometry_TakesSquaresLineByLine()
    {
        var vision = VisionConfigs.Of(tile: 336, patch: 14, channels: 3);
        for (var i = 0; i < 576; i++)
        {
            var (t, within) = (i / 4, i % 4);
            vision.ShuffledPatch(i).ShouldBe((t / 12 * 2 + within / 2) * 24 + t % 12 * 2 + within % 2);
        }
        vision.RowsOfTile.ShouldBe(144);
    }
}

internal static class VisionConfigs
{
    public static VisionConfig Of(int tile, int patch, int channels) => Llama4Config.Parse(JsonSerializer.SerializeToUtf8Bytes(new
    {
        model_type = "llama4",
        text_config = new { vocab_size = 8, hidden_size = 8, num_hidden_layers = 1, num_attention_heads = 1, num_key_value_heads = 1, head_dim = 8, intermediate_size = 8 },
        vision_config = new
        {
            hidden_size = 8, num_hidden_layers = 1, num_attention_heads = 1, intermediate_size = 32, image_size = tile, patch_size = patch, num_channels = channels,
            projector_input_dim = 8, projector_output_dim = 8, vision_output_dim = 8,
        },
    }), "config.json").Vision!;
}
