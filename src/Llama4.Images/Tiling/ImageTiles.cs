using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llama4.Images;

/// <summary>A picture cut into the tiles that a vision tower sees.</summary>
public sealed class ImageTiles
{
    private ImageTiles(TileGrid grid, byte[] levels) => (Grid, Levels, ContentHash) = (grid, levels, Hash(grid, levels));

    public TileGrid Grid { get; }

    /// <summary>[tiles, 3, tile, tile]: row by row of the grid, the global tile last; the planes R, G, B; black where the picture does not reach.</summary>
    public byte[] Levels { get; }

    /// <summary>
    /// SHA-256 of the levels, the grid and the tile's size: 32 bytes that are equal when and, but for collisions, only when the tokens
    /// and pixel values are. Of the levels, not of the file: the same picture in another file, or with other things written beside it,
    /// is found again in caches of tower outputs and of prefixes. It costs 1% of what making the tiles does.
    /// </summary>
    public ReadOnlyMemory<byte> ContentHash { get; }

    /// <summary>Resizes, pads and cuts.</summary>
    public static ImageTiles Of(RgbPicture picture, TileSettings settings)
    {
        var grid = TileGrid.Of(picture.Width, picture.Height, settings);
        var side = settings.TilePixels;
        var tileLevels = 3 * side * side;
        var levels = new byte[grid.Tiles * tileLevels];
        var resized = TileResize.Resize(picture, grid.ResizedWidth, grid.ResizedHeight);
        for (var tile = 0; tile < grid.Rows * grid.Columns; tile++)
        {
            Cut(resized, tile % grid.Columns * side, tile / grid.Columns * side, levels.AsSpan(tile * tileLevels, tileLevels), side);
        }

        if (grid.HasGlobalTile)
        {
            Cut(TileResize.Resize(picture, side, side), 0, 0, levels.AsSpan(levels.Length - tileLevels), side);
        }

        return new ImageTiles(grid, levels);
    }

    /// <param name="tile">[3, side, side], black.</param>
    private static void Cut(RgbPicture picture, int left, int top, Span<byte> tile, int side)
    {
        var plane = side * side;
        var (columns, rows) = (Math.Min(side, picture.Width - left), Math.Min(side, picture.Height - top));
        for (var y = 0; y < rows && columns > 0; y++)
        {
            var row = picture.Row(top + y).Slice(3 * left, 3 * columns);
            var red = tile.Slice(y * side, side);
            var green = tile.Slice(plane + y * side, side);
            var blue = tile.Slice(2 * plane + y * side, side);
            for (int x = 0, from = 0; from < row.Length; x++, from += 3)
            {
                (red[x], green[x], blue[x]) = (row[from], row[from + 1], row[from + 2]);
            }
        }
    }

    private static byte[] Hash(TileGrid grid, byte[] levels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(int)];
        foreach (var value in (ReadOnlySpan<int>)[grid.Settings.TilePixels, grid.Rows, grid.Columns])
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, value);
            hash.AppendData(number);
        }

        hash.AppendData(levels);
        return hash.GetHashAndReset();
    }
}
