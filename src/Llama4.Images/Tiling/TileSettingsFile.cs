using System.Text.Json;

namespace Llama4.Images;

/// <summary>Reads a checkpoint's <see cref="TileSettings"/>: tile and patch from config.json, the number of tiles from preprocessor_config.json.</summary>
public static class TileSettingsFile
{
    /// <summary>Llama 4's <c>max_patches</c>, where no file says another.</summary>
    private const int TilesMaxDefault = 16;

    /// <summary>The settings of the checkpoint in a folder.</summary>
    /// <exception cref="InvalidDataException">It has no vision tower, or wants pictures made in a way that is not ours; the message names the file and the field.</exception>
    public static TileSettings Read(string directory)
    {
        var config = Path.Combine(directory, "config.json");
        using var document = Parse(config);
        if (!document.RootElement.TryGetProperty("vision_config", out var vision) || vision.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{config}: expected vision_config, found none: the model takes no images");
        }

        var tile = Number(config, vision, "image_size");
        var patch = Number(config, vision, "patch_size", 14);
        var ratio = vision.TryGetProperty("pixel_shuffle_ratio", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0.5;
        var (tiles, file) = ReadTilesMax(directory, tile);
        try
        {
            return new TileSettings(tile, tiles, patch, ratio > 0 ? (int)Math.Round(1 / ratio) : 0);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{file ?? config}: {error.Message}", error);
        }
    }

    /// <summary>What a prompt depends on, of preprocessor_config.json alone, for a folder that has a tokenizer and no model; Llama 4's where that file is missing too.</summary>
    /// <exception cref="InvalidDataException">The file says something that cannot be; the message names it.</exception>
    public static TileSettings ReadAlone(string directory)
    {
        var file = Path.Combine(directory, "preprocessor_config.json");
        if (!File.Exists(file))
        {
            return new TileSettings();
        }

        using var document = Parse(file);
        var fields = document.RootElement;
        try
        {
            return new TileSettings(
                fields.TryGetProperty("size", out var size) ? Number(file, size, "height") : new TileSettings().TilePixels,
                Number(file, fields, "max_patches", TilesMaxDefault));
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{file}: {error.Message}", error);
        }
    }

    private static (int TilesMax, string? File) ReadTilesMax(string directory, int tile)
    {
        var file = Path.Combine(directory, "preprocessor_config.json");
        if (!File.Exists(file))
        {
            return (TilesMaxDefault, null);
        }

        using var document = Parse(file);
        var fields = document.RootElement;
        if (fields.TryGetProperty("size", out var size) && (Number(file, size, "height", tile) != tile || Number(file, size, "width", tile) != tile))
        {
            throw new InvalidDataException($"{file}: \"size\": expected vision_config's image_size of {tile}, found {size.GetRawText()}");
        }

        RefuseOther(file, fields, "resize_to_max_canvas", value => value.ValueKind == JsonValueKind.False, "false");
        RefuseOther(file, fields, "resample", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 2, "2 (bilinear)");
        RefuseOther(file, fields, "image_mean", AreHalves, "[0.5, 0.5, 0.5]");
        RefuseOther(file, fields, "image_std", AreHalves, "[0.5, 0.5, 0.5]");
        return (Number(file, fields, "max_patches", TilesMaxDefault), file);
    }

    private static bool AreHalves(JsonElement value) => value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number && one.GetDouble() == 0.5);

    private static void RefuseOther(string file, JsonElement fields, string name, Func<JsonElement, bool> holds, string expected)
    {
        if (fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null && !holds(value))
        {
            throw new InvalidDataException($"{file}: \"{name}\": expected {expected}, found {value.GetRawText()}");
        }
    }

    /// <param name="otherwise">Where the field is missing; null: it has to be there.</param>
    private static int Number(string file, JsonElement fields, string name, int? otherwise = null)
    {
        var found = "nothing";
        if (fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty(name, out var value))
        {
            found = value.GetRawText();
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0)
            {
                return number;
            }
        }
        else if (otherwise is { } number)
        {
            return number;
        }

        throw new InvalidDataException($"{file}: \"{name}\": expected a positive number, found {found}");
    }

    private static JsonDocument Parse(string file)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new InvalidDataException($"{file}: expected a JSON object, found another value");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{file}: {error.Message}", error);
        }
    }
}
