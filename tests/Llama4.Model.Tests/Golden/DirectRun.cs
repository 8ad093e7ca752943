using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Model.Tests;

/// <summary>What a <see cref="DirectModel"/> made of some rows, in the shape of the goldens.</summary>
internal sealed class DirectRun
{
    public List<float[]> Logits { get; } = [];

    /// <summary>By layer; rows of consecutive steps one after the other.</summary>
    public List<LayerRows> Layers { get; } = [];

    /// <summary>Brings a prompt into one sequence and keeps everything from position <paramref name="firstKept"/> on.</summary>
    public static async Task<DirectRun> PromptAsync(DirectModel model, int[] ids, int rowsMax = int.MaxValue, int sequence = 0, int firstKept = 0, ImageRows? images = null)
    {
        foreach (var step in model.Steps.Prefill(sequence, 0, ids.AsMemory(0, firstKept), rowsMax, LogitRows.None))
            model.Run(step, null, images).ShouldBeNull();
        var run = new DirectRun();
        var recorder = new LayerRecorder(model.Device);
        foreach (var step in model.Steps.Prefill(sequence, firstKept, ids.AsMemory(firstKept), rowsMax, LogitRows.All))
        {
            run.Logits.AddRange(await LogitsAsync(model, step, recorder, images));
            run.Add(await recorder.TakeAsync(), step.Rows);
        }
        return run;
    }

    public static async Task<float[][]> LogitsAsync(DirectModel model, StepPlan step, ILayerTrace? trace = null, ImageRows? images = null)
    {
        using var logits = model.Run(step, trace, images)!;
        var bytes = new byte[logits.Bytes];
        await model.Device.DownloadAsync(logits, bytes);
        return [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Chunk(logits.Width)];
    }

    /// <summary>The first choice from the prompt's last logits, then one cached row at a time.</summary>
    public static async Task<int[]> GreedyAsync(DirectModel model, float[] lastLogits, int promptLength, int count, int sequence = 0)
    {
        var ids = new List<int> { Closeness.ArgMax(lastLogits) };
        while (ids.Count < count)
        {
            var step = model.Steps.Decode([(sequence, promptLength + ids.Count - 1, ids[^1])]);
            ids.Add(Closeness.ArgMax((await LogitsAsync(model, step))[0]));
        }
        return [.. ids];
    }

    private void Add(IReadOnlyList<RecordedLayer> layers, int rows)
    {
        if (Layers.Count == 0)
            Layers.AddRange(layers.Select(_ => new LayerRows()));
        foreach (var (kept, layer) in Layers.Zip(layers))
        {
            kept.Residual.AddRange(layer.AttentionResidual.Chunk(layer.AttentionResidual.Length / rows));
            kept.Output.AddRange(layer.Output.Chunk(layer.Output.Length / rows));
            kept.RouterLogits.AddRange(layer.RouterLogits?.Chunk(layer.RouterLogits.Length / rows) ?? []);
            kept.Experts.AddRange(layer.Experts ?? []);
        }
    }

    internal sealed class LayerRows
    {
        public List<float[]> Residual { get; } = [];

        public List<float[]> Output { get; } = [];

        public List<float[]> RouterLogits { get; } = [];

        public List<int> Experts { get; } = [];
    }
}
