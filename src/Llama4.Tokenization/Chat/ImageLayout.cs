namespace Llama4.Tokenization.Chat;

/// <summary>
/// How many tiles a picture is cut into, and so which tokens stand for it: its rows of tiles with separators between, if there are several tiles;
/// then, after the image token, the whole picture in one.
/// </summary>
/// <param name="TilesHigh">Rows of tiles.</param>
/// <param name="TilesWide">Tiles of a row.</param>
/// <param name="TileTokens">Patch tokens of a tile: 144 of Llama 4's 336 pixels, 16 of scout-nano's 112.</param>
public sealed record ImageLayout(int TilesHigh, int TilesWide, int TileTokens)
{
    /// <summary>Tokens of the picture.</summary>
    public int TokenCount => (TilesApart * (TileTokens + 1)) + TileTokens + 3;

    /// <summary>Tiles before the one with the whole picture.</summary>
    private int TilesApart => TilesHigh * TilesWide > 1 ? TilesHigh * TilesWide : 0;

    /// <summary>The tokens, repeated ones together.</summary>
    public IReadOnlyList<TokenRun> Runs(ImageTokenIds ids)
    {
        var patches = new TokenRun(ids.Patch, TileTokens);
        var runs = new List<TokenRun> { new(ids.Start, 1) };
        for (var tile = 1; tile <= TilesApart; tile++)
        {
            runs.Add(patches);
            runs.Add(new(tile % TilesWide == 0 ? ids.RowSeparator : ids.ColumnSeparator, 1));
        }

        return [.. runs, new(ids.Image, 1), patches, new(ids.End, 1)];
    }

    /// <summary>The tokens one by one.</summary>
    public IEnumerable<int> Ids(ImageTokenIds ids) => Runs(ids).SelectMany(run => Enumerable.Repeat(run.Id, run.Count));
}

/// <param name="Count">How often the id stands there, one after the other.</param>
public readonly record struct TokenRun(int Id, int Count);
