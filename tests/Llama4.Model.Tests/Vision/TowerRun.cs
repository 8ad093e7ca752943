using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>What a <see cref="VisionTower"/> made of some tiles, stage by stage, in the goldens' names.</summary>
internal sealed class TowerRun(IDevice device) : IVisionTrace
{
    private readonly List<(string Name, int Width, float[] Values)> _made = [];
    private readonly List<Task> _downloads = [];

    /// <summary>Rows of each stage, tile after tile.</summary>
    public Dictionary<string, float[][]> Stages { get; private set; } = [];

    public float[][] Rows => Stages["projector"];

    public static async Task<TowerRun> OfAsync(Checkpoint checkpoint, IDevice device, ComputeMode mode, Func<VisionConfig, TilePixels> pixels, int tilesAtOnce)
    {
        using var tower = await VisionTower.LoadAsync(checkpoint, device, mode, tilesAtOnce);
        var run = new TowerRun(device);
        using var rows = await tower.ForwardAsync(pixels(tower.Config), run);
        await Task.WhenAll(run._downloads);
        run.Stages = run._made.GroupBy(made => made.Name).ToDictionary(
            stage => stage.Key, stage => stage.SelectMany(batch => batch.Values.Chunk(batch.Width)).ToArray());
        (await FloatsAsync(device, rows)).Chunk(rows.Width).SelectMany(row => row).ShouldBe(run.Rows.SelectMany(row => row), "the result is the projector's");
        return run;
    }

    public void Made(VisionStage stage, int block, Tensor rows)
    {
        var name = stage switch
        {
            VisionStage.Embedding => "embedding",
            VisionStage.Block => $"layers.{block}.output",
            VisionStage.PostNorm => "post_norm",
            VisionStage.PixelShuffle => "pixel_shuffle",
            VisionStage.Adapter => "adapter",
            _ => "projector",
        };
        var values = new float[rows.Rows * rows.Width];
        _made.Add((name, rows.Width, values));
        var copied = FloatsAsync(device, rows);
        _downloads.Add(FillAsync(copied, values));
    }

    private static async Task FillAsync(Task<float[]> from, float[] to) => (await from).CopyTo(to, 0);

    private static async Task<float[]> FloatsAsync(IDevice device, Tensor tensor)
    {
        var (type, bytes) = (tensor.DType, new byte[tensor.Bytes]);
        await device.DownloadAsync(tensor, bytes);
        return type == DType.BF16
            ? Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), Bf16.ToFloat)
            : MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }
}
