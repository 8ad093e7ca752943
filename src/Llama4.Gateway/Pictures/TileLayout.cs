using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Pictures;

/// <summary>What a prompt needs to know of a picture's tiles.</summary>
public static class TileLayout
{
    public static ImageLayout Layout(this TileGrid grid) => new(grid.Rows, grid.Columns, grid.Settings.TileTokens);
}
