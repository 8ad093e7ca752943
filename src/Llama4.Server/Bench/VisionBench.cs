using System.Diagnostics;
using System.Text.Json;
using Llama4.Compute;
using Llama4.Model;
using Llama4.Server.Pipeline;
using Llama4.Server.Synth;

namespace Llama4.Server.Bench;

/// <param name="MsPerTile">Milliseconds.</param>
/// <param name="GflopPerSecond">Of the tower: 1e9 operations a second, a multiply-add counted as two.</param>
/// <param name="MatMulGflopPerSecond">Of its widest matrix product alone, with the rows of a batch.</param>
internal sealed record VisionFigures(ComputeMode Mode, int Threads, int Layers, int Tiles, int TilesAtOnce, double MsPerTile, double GflopPerSecond, double MatMulGflopPerSecond);

/// <summary>
/// The tower at the released sizes (Scout's and Maverick's are the same), with weights that are all zero: no kernel's time depends on
/// values. From the upload of levels to rows of 5,120.
/// </summary>
internal sealed class VisionBench(int threads, int layers, int tiles, int tilesAtOnce)
{
    private const int TextHidden = 5120;

    public async Task<VisionFigures> MeasureAsync(ComputeMode mode, CancellationToken cancellation)
    {
        using var hollow = HollowCheckpoint.Create(Shape(layers));
        using var checkpoint = Checkpoint.Open(hollow.Directory);
        await using var device = CpuDevice.Create(threads);
        using var tower = await VisionTower.LoadAsync(checkpoint, device, mode, tilesAtOnce, cancellation);
        var vision = tower.Config;
        await RunAsync(tower, device, Math.Min(tiles, tilesAtOnce), cancellation); // warms up: pools fill, the runtime compiles
        var started = Stopwatch.GetTimestamp();
        await RunAsync(tower, device, tiles, cancellation);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds / tiles;
        var matMul = await MatMulAsync(checkpoint, device, mode, vision, cancellation);
        return new VisionFigures(mode, threads, layers, tiles, tilesAtOnce, seconds * 1e3, FlopsOfTile(vision) / seconds / 1e9, matMul / 1e9);
    }

    private static async Task RunAsync(VisionTower tower, CpuDevice device, int tiles, CancellationToken cancellation)
    {
        var levels = new byte[tiles * tower.Config.PixelsOfTile];
        new Random(1).NextBytes(levels);
        using var rows = await tower.ForwardAsync(TilePixels.OfLevels(tower.Config, levels), cancellation: cancellation);
        await device.SynchronizeAsync(cancellation);
    }

    /// <summary>Matrices and attention; norms, rotation, biases and activations are left out (below 1 %).</summary>
    private static double FlopsOfTile(VisionConfig vision)
    {
        double hidden = vision.HiddenSize, width = vision.FeedForwardWidth, positions = vision.Positions;
        var block = 2 * positions * (4 * hidden * hidden + 2 * hidden * width) + 4 * positions * positions * hidden;
        var end = 2.0 * vision.RowsOfTile * (width * vision.ProjectorInput + (double)vision.ProjectorInput * vision.ProjectorOutput + (double)vision.OutputWidth * TextHidden);
        return 2.0 * vision.Patches * vision.PatchWidth * hidden + vision.Layers * block + end;
    }

    /// <returns>Operations a second.</returns>
    private async Task<double> MatMulAsync(Checkpoint checkpoint, CpuDevice device, ComputeMode mode, VisionConfig vision, CancellationToken cancellation)
    {
        const int Repeats = 10;
        var entry = checkpoint[VisionNames.Weight(VisionNames.FeedForward(0, 1))];
        using var bytes = entry.Map();
        using var matrix = await device.LoadMatrixAsync(
            [new MatrixPart(bytes, DType.BF16, vision.FeedForwardWidth, vision.HiddenSize, MatrixLayout.OutIn, entry.Name)], DType.BF16, cancellation);
        var rows = Math.Min(tiles, tilesAtOnce) * vision.Positions;
        using var x = device.Rent(mode.Activations(), rows, matrix.Inputs);
        Clear(device, x);
        using var y = device.Rent(DType.F32, rows, matrix.Outputs);
        device.MatMul(x, matrix, y);
        await device.SynchronizeAsync(cancellation);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Repeats; i++)
        {
            device.MatMul(x, matrix, y);
        }

        await device.SynchronizeAsync(cancellation);
        return 2.0 * Repeats * rows * matrix.Inputs * matrix.Outputs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void Clear(CpuDevice device, Tensor x)
    {
        if (x.DType == DType.BF16)
        {
            device.Upload<ushort>(new ushort[x.Rows * x.Width], x);
        }
        else
        {
            device.Upload<float>(new float[x.Rows * x.Width], x);
        }
    }

    private static SynthShape Shape(int layers)
    {
        var json = JsonSerializer.SerializeToNode(new
        {
            model_type = "llama4",
            text_config = new
            {
                vocab_size = 16, hidden_size = TextHidden, num_hidden_layers = 1, num_attention_heads = 1, num_key_value_heads = 1, head_dim = 8, intermediate_size = 8, num_local_experts = 1,
            },
            vision_config = new
            {
                hidden_size = 1408, num_hidden_layers = layers, num_attention_heads = 16, intermediate_size = 5632, image_size = 336, patch_size = 14, num_channels = 3,
                pixel_shuffle_ratio = 0.5, projector_input_dim = 4096, projector_output_dim = 4096, vision_output_dim = 4096, rope_theta = 10000,
            },
        })!.AsObject();
        return new SynthShape(json, Llama4Config.Parse(JsonSerializer.SerializeToUtf8Bytes(json), "vision"));
    }
}
