namespace Llama4.Images;

/// <summary>
/// How a picture of some size is laid on tiles. Equal to transformers' <c>Llama4ImageProcessor</c>, including where it computes in
/// single precision: a pixel more or less is another prompt.
/// </summary>
/// <param name="Rows">Tiles from top to bottom.</param>
/// <param name="Columns">Tiles from left to right.</param>
/// <param name="ResizedHeight">Of the picture on the canvas; below it is black.</param>
/// <param name="ResizedWidth">Of the picture on the canvas; to its right is black.</param>
public sealed record TileGrid(TileSettings Settings, int Rows, int Columns, int ResizedHeight, int ResizedWidth)
{
    public int CanvasHeight => Rows * Settings.TilePixels;

    public int CanvasWidth => Columns * Settings.TilePixels;

    /// <summary>More than one tile: the whole picture follows once more, squeezed into one.</summary>
    public bool HasGlobalTile => Rows * Columns > 1;

    /// <summary>The global one included.</summary>
    public int Tiles => Rows * Columns + (HasGlobalTile ? 1 : 0);

    /// <summary>Tokens that stand for pixels.</summary>
    public int PatchTokens => Tiles * Settings.TileTokens;

    /// <summary>The grid of a picture.</summary>
    /// <param name="width">As it is seen, as <paramref name="height"/>: after EXIF turned it.</param>
    public static TileGrid Of(int width, int height, TileSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var (rows, columns) = Choose(width, height, settings);
        var (resizedHeight, resizedWidth) = Fit(width, height, rows, columns, settings.TilePixels);
        return new TileGrid(settings, rows, columns, resizedHeight, resizedWidth);
    }

    /// <summary>The grid that shrinks the picture least; of those that don't shrink it, the one that enlarges it least; of equals, the smallest.</summary>
    private static (int Rows, int Columns) Choose(int width, int height, TileSettings settings)
    {
        var best = (Rows: 1, Columns: 1);
        var bestScale = Scale(1, 1);
        for (var rows = 1; rows <= settings.TilesMax; rows++)
        {
            for (var columns = 1; rows * columns <= settings.TilesMax; columns++)
            {
                var scale = Scale(rows, columns);
                var isBetter = scale == bestScale ? rows * columns < best.Rows * best.Columns
                    : bestScale >= 1 ? scale >= 1 && scale < bestScale
                    : scale > bestScale;
                if (isBetter)
                {
                    (best, bestScale) = ((rows, columns), scale);
                }
            }
        }

        return best;

        float Scale(int rows, int columns) => Math.Min(
            (float)(columns * settings.TilePixels) / (float)width,
            (float)(rows * settings.TilePixels) / (float)height);
    }

    /// <summary>
    /// The size on the canvas: the sides keep their ratio and small pictures grow to a tile at most. A scale is single where the
    /// canvas is the smaller side and double elsewhere, a comparison with a single is single, and the floor stays: 79x79 becomes
    /// 336x335.
    /// </summary>
    private static (int Height, int Width) Fit(int width, int height, int rows, int columns, int tile)
    {
        var (canvasHeight, canvasWidth) = (rows * tile, columns * tile);
        var (singleHeight, singleWidth) = (canvasHeight < Math.Max(height, tile), canvasWidth < Math.Max(width, tile));
        var (targetHeight, targetWidth) = (Math.Min(canvasHeight, Math.Max(height, tile)), Math.Min(canvasWidth, Math.Max(width, tile)));
        var scaleHeight = Scale(targetHeight, height, singleHeight);
        var scaleWidth = Scale(targetWidth, width, singleWidth);
        var widthBinds = singleHeight || singleWidth ? (float)scaleWidth < (float)scaleHeight : scaleWidth < scaleHeight;
        return widthBinds
            ? (Floor(height, scaleWidth, singleWidth, targetHeight), targetWidth)
            : (targetHeight, Floor(width, scaleHeight, singleHeight, targetWidth));

        static double Scale(int target, int side, bool single) => single ? (float)target / (float)side : target / (double)side;

        static int Floor(int side, double scale, bool single, int most) =>
            (int)Math.Max(1, Math.Min(Math.Floor(single ? (float)side * (float)scale : side * scale), most));
    }
}
