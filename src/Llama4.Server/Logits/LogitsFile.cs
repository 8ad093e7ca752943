using System.Runtime.InteropServices;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Server.Files;

namespace Llama4.Server.Logits;

/// <summary>Runs a prompt through a model and writes what it makes, in the names and shapes of the golden cases, step by step: no tensor is held whole.</summary>
internal static class LogitsFile
{
    /// <summary>Rows of a step: 128 rows of Scout's vocabulary are 103 MB of logits, and prefill is no faster beyond.</summary>
    private const int RowsMax = 128;

    /// <param name="model">With room for the prompt in its only sequence.</param>
    /// <param name="images">Of the prompt; their rows are written too.</param>
    /// <param name="progress">The share of the prompt that is written, 0 to 1.</param>
    /// <returns>The number of tensors.</returns>
    public static async Task<int> WriteAsync(
        DirectModel model, int[] ids, PromptImages? images, string path, bool withLayers, Action<double> progress, CancellationToken cancellation)
    {
        var tensors = Tensors(model.Config, ids.Length, withLayers);
        if (images is not null)
        {
            tensors.Add(new("image_rows", StoredType.F32, [images.Rows.Length / model.Config.HiddenSize, model.Config.HiddenSize]));
        }

        using var writer = new SafetensorsWriter(path, tensors);
        if (images is not null)
        {
            writer.Write("image_rows", 0, MemoryMarshal.AsBytes<float>(images.Rows));
        }

        var recorder = withLayers ? new LayerRecorder(model.Device) : null;
        var done = 0;
        foreach (var step in model.Steps.Prefill(0, 0, ids, RowsMax, LogitRows.All))
        {
            cancellation.ThrowIfCancellationRequested();
            await WriteStepAsync(model, step, done, images?.Placed, writer, recorder);
            done += step.Rows;
            progress((double)done / ids.Length);
        }

        writer.Commit();
        return tensors.Count;
    }

    private static async Task WriteStepAsync(DirectModel model, StepPlan step, int firstRow, ImageRows? images, SafetensorsWriter writer, LayerRecorder? recorder)
    {
        using var logits = model.Run(step, recorder, images)!;
        var bytes = new byte[logits.Bytes];
        await model.Device.DownloadAsync(logits, bytes);
        WriteRows(writer, "logits", firstRow, step.Rows, bytes);
        if (recorder is null)
        {
            return;
        }

        var layers = await recorder.TakeAsync();
        for (var i = 0; i < layers.Count; i++)
        {
            Write(".attn_residual", layers[i].AttentionResidual);
            Write(".output", layers[i].Output);
            if (layers[i] is { RouterLogits: { } routerLogits, Experts: { } experts })
            {
                Write(".router_logits", routerLogits);
                WriteRows(writer, $"layers.{i}.expert", firstRow, step.Rows, MemoryMarshal.AsBytes<long>(Array.ConvertAll(experts, e => (long)e)));
            }

            void Write(string name, float[] values) => WriteRows(writer, $"layers.{i}{name}", firstRow, step.Rows, MemoryMarshal.AsBytes<float>(values));
        }
    }

    /// <param name="bytes">Of <paramref name="rows"/> rows.</param>
    private static void WriteRows(SafetensorsWriter writer, string name, int firstRow, int rows, ReadOnlySpan<byte> bytes) =>
        writer.Write(name, (long)firstRow * (bytes.Length / rows), bytes);

    private static List<TensorLayout> Tensors(Llama4Config config, long tokens, bool withLayers)
    {
        var tensors = new List<TensorLayout> { new("logits", StoredType.F32, [tokens, config.VocabSize]) };
        foreach (var layer in withLayers ? config.Layers : [])
        {
            tensors.Add(new($"layers.{layer.Index}.attn_residual", StoredType.F32, [tokens, config.HiddenSize]));
            tensors.Add(new($"layers.{layer.Index}.output", StoredType.F32, [tokens, config.HiddenSize]));
            if (layer.IsMoe)
            {
                tensors.Add(new($"layers.{layer.Index}.router_logits", StoredType.F32, [tokens, config.Experts]));
                tensors.Add(new($"layers.{layer.Index}.expert", StoredType.I64, [tokens]));
            }
        }

        return tensors;
    }
}
