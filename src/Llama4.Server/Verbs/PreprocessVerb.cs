using System.CommandLine;
using System.Text.Json;
using Llama4.Gateway.Pictures;
using Llama4.Images;
using Llama4.Server.Images;
using Llama4.Server.Output;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 preprocess</c>: a picture to what the vision tower gets and what stands for it in a prompt.</summary>
internal static class PreprocessVerb
{
    private static readonly TileSettings Llama4Settings = new();

    public static Verb Create(Terminal terminal)
    {
        var image = new Argument<string>("image") { Description = "A PNG, JPEG, WebP or GIF.", HelpName = "IMAGE" };
        var model = new Option<string?>("--model") { Description = "The checkpoint whose tiles and token ids are meant. Default: Llama 4's.", HelpName = "DIR" };
        var tile = new Option<int?>("--tile") { Description = "Side of a tile in pixels. Default: 336.", HelpName = "PIXELS" };
        var tilesMax = new Option<int?>("--max-patches") { Description = "Most tiles of a picture, the global one not counted. Default: 16.", HelpName = "N" };
        var output = new Option<string>("--out") { Description = "Tensor pixel_values, F32 [tiles, 3, tile, tile].", HelpName = "FILE.safetensors", Required = true };
        tile.Within("a multiple of 28 up to 4480", pixels => pixels is > 0 and <= 4480 && pixels % 28 == 0);
        tilesMax.Within(1, 1024);
        var command = new Command("preprocess", "A picture's pixel values as a safetensors file; its grid and token ids as JSON.") { image, model, tile, tilesMax, output };
        command.SetAction(parsed =>
        {
            var (settings, ids) = parsed.GetValue(model) is { } directory
                ? OfModel(directory, alone: parsed.GetValue(tile) is null && parsed.GetValue(tilesMax) is null)
                : (OfOptions(parsed.GetValue(tile), parsed.GetValue(tilesMax)), ImageTokenIds.Llama4);
            var tiles = ImageTiles.Of(Decode(parsed.GetRequiredValue(image)), settings);
            PixelsFile.Write(tiles, parsed.GetRequiredValue(output));
            terminal.WriteJson(writer => WriteGrid(writer, tiles, ids));
            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            "llama4 preprocess photo.jpg --out pixels.safetensors",
            "llama4 preprocess photo.jpg --model DIR --out pixels.safetensors");
    }

    private static (TileSettings Settings, ImageTokenIds Ids) OfModel(string directory, bool alone)
    {
        if (!alone)
        {
            throw new UsageException("--model says the tiles: --tile and --max-patches exclude it. See 'llama4 preprocess --help'.");
        }

        var settings = TileSettingsFile.Read(directory);
        var tokenizer = TokenizerLoader.Load(directory);
        return (settings, ImageTokenIds.Of(tokenizer));
    }

    private static TileSettings OfOptions(int? tile, int? tilesMax)
    {
        try
        {
            return new TileSettings(tile ?? Llama4Settings.TilePixels, tilesMax ?? Llama4Settings.TilesMax);
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--tile and --max-patches: {error.Message}");
        }
    }

    private static RgbPicture Decode(string file)
    {
        try
        {
            ImageLimits.Default.CheckBytes(new FileInfo(file).Length);
            return ImageDecoder.Decode(File.ReadAllBytes(file));
        }
        catch (ImageFormatException error)
        {
            throw error.Of(file);
        }
    }

    /// <summary>Pairs are [height, width], as in the goldens.</summary>
    private static void WriteGrid(Utf8JsonWriter writer, ImageTiles tiles, ImageTokenIds ids)
    {
        var grid = tiles.Grid;
        writer.WriteStartObject();
        writer.WriteIds("grid", [grid.Rows, grid.Columns]);
        writer.WriteIds("canvas", [grid.CanvasHeight, grid.CanvasWidth]);
        writer.WriteIds("resized", [grid.ResizedHeight, grid.ResizedWidth]);
        writer.WriteBoolean("global_tile", grid.HasGlobalTile);
        writer.WriteNumber("tiles", grid.Tiles);
        writer.WriteNumber("patch_tokens", grid.PatchTokens);
        writer.WriteNumber("tokens", grid.Layout().TokenCount);
        writer.WriteIds("ids", grid.Layout().Ids(ids));
        writer.WriteString("content_hash", Convert.ToHexStringLower(tiles.ContentHash.Span));
        writer.WriteEndObject();
    }
}
