using System.Runtime.InteropServices;
using System.Text.Json;

namespace Llama4.Images.Tests.Tiling;

public sealed class ImageTilesTests
{
    /// <summary>The goldens give mean and deviation to six digits.</summary>
    private const double Digits = 2e-6;

    /// <summary>The reference converted lossy WebP by the same library, perhaps another version of it: the golden README's bound.</summary>
    private const int LossyWebPLevels = 2;

    public static TheoryData<string> GoldenFiles => [.. GoldenImages.Pictures.Select(one => one.File)];

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void Of_AGoldenFile_AreTheReferencesTiles(string file)
    {
        var expected = GoldenImages.Pictures.Single(one => one.File == file);
        var tiles = ImageTiles.Of(ImageDecoder.Decode(GoldenImages.Bytes(file)), expected.Settings);

        new[] { tiles.Grid.Rows, tiles.Grid.Columns }.ShouldBe(expected.Grid);
        new[] { tiles.Grid.ResizedHeight, tiles.Grid.ResizedWidth }.ShouldBe(expected.Resized);
        tiles.Grid.Tiles.ShouldBe(expected.Tiles);
        GoldenImages.Sha256(tiles.Levels).ShouldBe(expected.LevelsSha256);

        var plane = expected.Tile * expected.Tile;
        var values = new float[tiles.Levels.Length];
        PixelValues.Write(tiles.Levels, values);
        for (var i = 0; i < expected.Tiles * 3; i++)
        {
            var of = values.Skip(i * plane).Take(plane).Select(value => (double)value).ToList();
            var mean = of.Average();
            mean.ShouldBe(expected.Mean[i / 3][i % 3], Digits);
            Math.Sqrt(of.Average(value => (value - mean) * (value - mean))).ShouldBe(expected.Std[i / 3][i % 3], Digits);
        }
    }

    [Theory]
    [InlineData("24")]
    [InlineData("42")]
    public void Of_AGoldenFile_HaveTheReferencesPixelValuesBitForBit(string id)
    {
        var expected = GoldenImages.Pictures.Single(one => one.File.StartsWith($"pixels/{id}.", StringComparison.Ordinal));
        var tiles = ImageTiles.Of(ImageDecoder.Decode(GoldenImages.Bytes(expected.File)), expected.Settings);
        var values = new ushort[tiles.Levels.Length];

        PixelValues.Write(tiles.Levels, values);

        var step = expected.Store == "full" ? 1 : expected.SampleStep;
        var stored = StoredValues(GoldenImages.Bytes($"pixels/{id}.safetensors"), expected.Store == "full" ? "pixel_values" : "sample");
        stored.ShouldBe(Enumerable.Range(0, stored.Length).Select(i => values[i * step]));
    }

    [Theory]
    [InlineData("34")]
    [InlineData("35")]
    public void Decode_OfLossyWebP_IsWithinTheBoundOfTheReferencesPicture(string id)
    {
        var ours = ImageDecoder.Decode(GoldenImages.Bytes($"pixels/{id}.webp"));
        var reference = ImageDecoder.Decode(GoldenImages.Bytes($"pixels/{id}.rgb.png"));

        ours.Rgb.Zip(reference.Rgb).Max(pair => Math.Abs(pair.First - pair.Second)).ShouldBeLessThanOrEqualTo(LossyWebPLevels);
    }

    [Fact]
    public void ContentHash_IsThatOfTheTilesWhateverTheFile()
    {
        var settings = new TileSettings(56, 4);
        var png = Hash("bad/trailing.png", settings);

        Hash("bad/extra-data.png", settings).ShouldBe(png);
        Hash("bad/animated.png", settings).ShouldNotBe(png);
        Hash("bad/trailing.png", new TileSettings(84, 4)).ShouldNotBe(png);

        static byte[] Hash(string file, TileSettings settings) => ImageTiles.Of(ImageDecoder.Decode(GoldenImages.Bytes(file)), settings).ContentHash.ToArray();
    }

    [Fact]
    public void ContentHash_OfOtherGridsOfTheSameLevels_Differs()
    {
        var settings = new TileSettings(28, 4);
        var wide = ImageTiles.Of(new RgbPicture(56, 28, new byte[3 * 56 * 28]), settings);
        var high = ImageTiles.Of(new RgbPicture(28, 56, new byte[3 * 56 * 28]), settings);

        wide.Levels.ShouldBe(high.Levels);
        wide.ContentHash.ToArray().ShouldNotBe(high.ContentHash.ToArray());
    }

    private static ushort[] StoredValues(byte[] safetensors, string tensor)
    {
        var header = (int)BitConverter.ToUInt64(safetensors);
        using var json = JsonDocument.Parse(safetensors.AsMemory(8, header));
        var offsets = json.RootElement.GetProperty(tensor).GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
        return MemoryMarshal.Cast<byte, ushort>(safetensors.AsSpan(8 + header + begin, end - begin)).ToArray();
    }
}
