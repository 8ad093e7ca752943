using System.Runtime.InteropServices;
using Llama4.Images;
using Llama4.Model;
using Llama4.Server.Files;

namespace Llama4.Server.Images;

/// <summary>Writes a picture's pixel values in the name and shape of the golden cases: <c>pixel_values</c> F32 [tiles, 3, tile, tile].</summary>
internal static class PixelsFile
{
    public static void Write(ImageTiles tiles, string path)
    {
        var side = tiles.Grid.Settings.TilePixels;
        using var writer = new SafetensorsWriter(path, [new TensorLayout("pixel_values", StoredType.F32, [tiles.Grid.Tiles, 3, side, side])]);
        var values = new float[3 * side * side]; // of one tile
        for (var tile = 0; tile < tiles.Grid.Tiles; tile++)
        {
            PixelValues.Write(tiles.Levels.AsSpan(tile * values.Length, values.Length), values);
            var bytes = MemoryMarshal.AsBytes<float>(values);
            writer.Write("pixel_values", (long)tile * bytes.Length, bytes);
        }

        writer.Commit();
    }
}
