namespace Llama4.Images;

/// <summary>The ids of the special tokens that write a picture into a prompt.</summary>
public sealed record ImageTokenIds(int Start, int End, int ColumnSeparator, int RowSeparator, int Image, int Patch)
{
    /// <summary>Those of Llama 4's own vocabulary.</summary>
    public static ImageTokenIds Llama4 { get; } = new(200080, 200081, 200084, 200085, 200090, 200092);

    /// <summary>Those of a tokenizer.</summary>
    /// <param name="idOf">The id of a special token's name; throws if there is none.</param>
    public static ImageTokenIds From(Func<string, int> idOf) => new(
        idOf("<|image_start|>"),
        idOf("<|image_end|>"),
        idOf("<|tile_x_separator|>"),
        idOf("<|tile_y_separator|>"),
        idOf("<|image|>"),
        idOf("<|patch|>"));
}

/// <param name="Count">How often the id stands there, one after the other.</param>
public readonly record struct TokenRun(int Id, int Count);

/// <summary>How a picture stands in a prompt: its rows of tiles with separators between, then, after the image token, the global tile.</summary>
public static class ImageTokens
{
    /// <summary>How many tokens a picture is.</summary>
    public static int Count(TileGrid grid) => grid.PatchTokens + 3 + (grid.HasGlobalTile ? grid.Rows * grid.Columns : 0);

    /// <summary>The tokens, repeated ones together.</summary>
    public static IReadOnlyList<TokenRun> Runs(TileGrid grid, ImageTokenIds ids)
    {
        var tile = new TokenRun(ids.Patch, grid.Settings.TileTokens);
        var runs = new List<TokenRun> { new(ids.Start, 1) };
        for (var i = 1; grid.HasGlobalTile && i <= grid.Rows * grid.Columns; i++)
        {
            runs.Add(tile);
            runs.Add(new(i % grid.Columns == 0 ? ids.RowSeparator : ids.ColumnSeparator, 1));
        }

        return [.. runs, new(ids.Image, 1), tile, new(ids.End, 1)];
    }

    /// <summary>The tokens one by one.</summary>
    public static int[] Ids(TileGrid grid, ImageTokenIds ids) => [.. Runs(grid, ids).SelectMany(run => Enumerable.Repeat(run.Id, run.Count))];
}
