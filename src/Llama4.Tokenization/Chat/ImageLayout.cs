namespace Llama4.Tokenization.Chat;

/// <summary>How many tiles a picture is cut into, and so which tokens stand for it.</summary>
/// <param name="TilesHigh">Rows of tiles.</param>
/// <param name="TilesWide">Tiles of a row.</param>
/// <param name="TileTokens">Patch tokens of a tile: 144 of Llama 4's 336 pixels, 16 of scout-nano's 112.</param>
public sealed record ImageLayout(int TilesHigh, int TilesWide, int TileTokens)
{
    // Pixels of a side that one token stands for: a patch of 14, and 2 x 2 patches shuffled into one.
    private const int TokenPixels = 28;

    /// <summary>
    /// The layout of a picture by its size in pixels: of all grids that need no shrinking the one that enlarges least, else the one that
    /// shrinks least; of equal ones the smallest. In single precision, as transformers computes it (image_processing_llama4_fast.py).
    /// </summary>
    /// <param name="tilePixels">Side of a tile.</param>
    /// <param name="tilesMax">Most tiles of a picture, the overview apart.</param>
    public static ImageLayout Of(int width, int height, int tilePixels = 336, int tilesMax = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var grids =
            from high in Enumerable.Range(1, tilesMax)
            from wide in Enumerable.Range(1, tilesMax / high)
            let scale = Math.Min((float)(wide * tilePixels) / (float)width, (float)(high * tilePixels) / (float)height)
            orderby scale < 1, scale < 1 ? -scale : scale, high * wide
            select (high, wide);
        var grid = grids.First();
        return new ImageLayout(grid.high, grid.wide, (tilePixels / TokenPixels) * (tilePixels / TokenPixels));
    }
}
