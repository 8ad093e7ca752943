using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using CsCheck;
using Llama4.Tokenization.Chat;

namespace Llama4.Images.Tests.Tiling;

public sealed class TileGridTests
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [200080] = "<|image_start|>",
        [200081] = "<|image_end|>",
        [200084] = "<|tile_x_separator|>",
        [200085] = "<|tile_y_separator|>",
        [200090] = "<|image|>",
        [200092] = "<|patch|>",
    };

    private static readonly Gen<TileSettings> Settings = Gen.Select(Gen.Int[1, 16], Gen.Int[1, 40]).Select((size, tiles) => new TileSettings(28 * size, tiles));
    private static readonly Gen<int> Side = Gen.OneOf(Gen.Int[1, 400], Gen.Int[1, 5000], Gen.Int[1, 200_000]);

    [Fact]
    public void Of_EveryGoldenSize_IsTheReferencesGridAndTokens()
    {
        var cases = GoldenImages.Read<TilingCase>("tiling.jsonl.gz");
        foreach (var one in cases)
        {
            var grid = TileGrid.Of(one.Width, one.Height, new TileSettings(one.Tile, one.MaxPatches));
            var runs = LayoutOf(grid).Runs(ImageTokenIds.Llama4);

            new[] { grid.Rows, grid.Columns }.ShouldBe(one.Grid, $"{one}");
            new[] { grid.CanvasHeight, grid.CanvasWidth }.ShouldBe(one.Canvas, $"{one}");
            new[] { grid.ResizedHeight, grid.ResizedWidth }.ShouldBe(one.Resized, $"{one}");
            (grid.HasGlobalTile, grid.Tiles, grid.PatchTokens, LayoutOf(grid).TokenCount).ShouldBe((one.GlobalTile, one.Tiles, one.PatchTokens, one.Tokens), $"{one}");
            runs.Select(run => new[] { run.Id, run.Count }).ShouldBe(one.Ids, $"{one}");
            var text = string.Concat(LayoutOf(grid).Ids(ImageTokenIds.Llama4).Select(id => Names[id]));
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))).ShouldBe(one.TextSha256, $"{one}");
        }

        cases.Count.ShouldBe(300);
    }

    [Fact]
    public void Of_AnySize_FitsItsCanvasAndItsBounds() =>
        Gen.Select(Side, Side, Settings).Sample((width, height, settings) =>
        {
            var grid = TileGrid.Of(width, height, settings);

            (grid.Rows * grid.Columns).ShouldBeInRange(1, settings.TilesMax);
            grid.ResizedHeight.ShouldBeInRange(1, grid.CanvasHeight);
            grid.ResizedWidth.ShouldBeInRange(1, grid.CanvasWidth);
            LayoutOf(grid).Ids(ImageTokenIds.Llama4).Count().ShouldBe(LayoutOf(grid).TokenCount);
            LayoutOf(grid).Ids(ImageTokenIds.Llama4).Count(id => id == ImageTokenIds.Llama4.Patch).ShouldBe(grid.PatchTokens);
        });

    [Fact]
    public void Of_ASizeThatIsAGrid_IsThatGridUnresized() =>
        Gen.Select(Settings, Gen.Int[1, 40], Gen.Int[1, 40]).Sample((settings, across, down) =>
        {
            var rows = 1 + down % settings.TilesMax;
            var columns = 1 + across % (settings.TilesMax / rows);
            var grid = TileGrid.Of(columns * settings.TilePixels, rows * settings.TilePixels, settings);

            (grid.Rows, grid.Columns).ShouldBe((rows, columns));
            (grid.ResizedHeight, grid.ResizedWidth).ShouldBe((grid.CanvasHeight, grid.CanvasWidth));
        });

    [Fact]
    public void Of_APictureOnItsSide_IsTheGridOnItsSide() =>
        Gen.Select(Side, Side, Settings).Where((width, height, _) => width != height).Sample((width, height, settings) =>
        {
            var (upright, turned) = (TileGrid.Of(width, height, settings), TileGrid.Of(height, width, settings));

            (turned.Columns, turned.Rows).ShouldBe((upright.Rows, upright.Columns));
            (turned.ResizedWidth, turned.ResizedHeight).ShouldBe((upright.ResizedHeight, upright.ResizedWidth));
        });

    [Theory]
    [InlineData(0, 16, 14, 2)]
    [InlineData(42, 16, 14, 2)]
    [InlineData(336, 0, 14, 2)]
    [InlineData(336, 16, 0, 2)]
    [InlineData(336, 1 << 20, 14, 2)]
    [InlineData(28 << 20, 1, 14, 2)]
    public void Settings_ThatNoModelHas_AreRefused(int tile, int tiles, int patch, int shuffle) =>
        Should.Throw<ArgumentException>(() => new TileSettings(tile, tiles, patch, shuffle)).Message.ShouldContain("expected");

    /// <summary>What a prompt needs to know of the tiles.</summary>
    internal static ImageLayout LayoutOf(TileGrid grid) => new(grid.Rows, grid.Columns, grid.Settings.TileTokens);

    private sealed record TilingCase(
        int Width,
        int Height,
        int Tile,
        int MaxPatches,
        int[] Grid,
        int[] Canvas,
        int[] Resized,
        bool GlobalTile,
        int Tiles,
        int PatchTokens,
        int Tokens,
        int[][] Ids,
        [property: JsonPropertyName("text_sha256")] string TextSha256);
}
