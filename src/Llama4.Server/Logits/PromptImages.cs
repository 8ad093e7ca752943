using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Model;

namespace Llama4.Server.Logits;

/// <summary>The images of a prompt: their pixels from a file, through the vision tower, as rows for its patch tokens.</summary>
internal sealed class PromptImages : IDisposable
{
    private const string TensorName = "pixel_values";

    private PromptImages(ImageRows placed, float[] rows)
    {
        Placed = placed;
        Rows = rows;
    }

    public ImageRows Placed { get; }

    /// <summary>[patch tokens · hidden]; bf16 values widened.</summary>
    public float[] Rows { get; }

    /// <summary>Checks the file against model and prompt before anything is computed. The tower is let go of when the rows are made.</summary>
    /// <param name="file">With a tensor pixel_values [tiles, channels, side, side] in F32, F16 or BF16.</param>
    public static async Task<PromptImages> LoadAsync(Checkpoint checkpoint, IDevice device, ComputeMode mode, int[] prompt, string file, CancellationToken cancellation)
    {
        var vision = checkpoint.RequireVision();
        using var pixels = SafetensorsFile.Open(file);
        var tensor = Take(pixels, vision, file);
        ImageRows.RequireCount(prompt, checkpoint.Config.PatchId, checked((int)tensor.Shape[0] * vision.RowsOfTile));
        using var tower = await VisionTower.LoadAsync(checkpoint, device, mode, cancellation: cancellation);
        var rows = await tower.ForwardAsync(TilePixels.OfValues(vision, tensor.ReadFloats()), cancellation: cancellation);
        try
        {
            var bytes = new byte[rows.Bytes];
            await device.DownloadAsync(rows, bytes, cancellation);
            var values = rows.DType == DType.F32
                ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
                : Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
            return new PromptImages(new ImageRows(device, 0, prompt, checkpoint.Config.PatchId, rows), values);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    public void Dispose() => Placed.Dispose();

    private static TensorEntry Take(SafetensorsFile pixels, VisionConfig vision, string file)
    {
        var expected = $"F32, F16 or BF16 [tiles, {vision.Channels}, {vision.TilePixels}, {vision.TilePixels}] with at least one tile";
        if (!pixels.Tensors.TryGetValue(TensorName, out var tensor))
        {
            throw new CheckpointException(file, $"tensor {TensorName}", expected, "nothing");
        }

        long[] tile = [vision.Channels, vision.TilePixels, vision.TilePixels];
        return tensor.Type.AsDType() is not null && tensor.Shape is [>= 1, ..] && tensor.Shape.Skip(1).SequenceEqual(tile)
            ? tensor
            : throw new CheckpointException(file, $"tensor {TensorName}", expected, $"{tensor.Type} [{string.Join(", ", tensor.Shape)}]");
    }
}
