using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// The whole text model (image rows come from a <see cref="VisionTower"/>) on one device, called directly: the same blocks as the grains use, without grains. For comparing
/// with other engines, for measuring what the grains cost, and for tests. Runs are enqueued in the order of the calls.
/// </summary>
public sealed class DirectModel : IDisposable
{
    private readonly Vocabulary _vocabulary;
    private readonly DirectLayer[] _layers;
    private readonly StepUploader _uploader;

    private DirectModel(Checkpoint checkpoint, IDevice device, ComputeMode mode, DirectSteps steps, Vocabulary vocabulary, DirectLayer[] layers, StepUploader uploader)
    {
        Config = checkpoint.Config;
        Device = device;
        Mode = mode;
        Steps = steps;
        _vocabulary = vocabulary;
        _layers = layers;
        _uploader = uploader;
    }

    public Llama4Config Config { get; }

    public IDevice Device { get; }

    public ComputeMode Mode { get; }

    /// <summary>Makes step plans that fit this model's keys and values.</summary>
    public DirectSteps Steps { get; }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _vocabulary.WeightBytes + _layers.Sum(layer => layer.WeightBytes);

    /// <summary>Bytes of keys and values on the device, used or not.</summary>
    public long KvBytes => _layers.Sum(layer => layer.KvBytes);

    /// <summary>Loads the model; a load that fails or is cancelled leaves nothing on the device.</summary>
    /// <param name="sequences">Sequences that run side by side.</param>
    /// <param name="positionsMax">Positions of each; layers with a chunked mask keep no more than one chunk of them.</param>
    /// <param name="expertGroups">Groups that each layer's experts are split into.</param>
    /// <param name="progress">The share of the layers that is loaded, 0 to 1.</param>
    public static async ValueTask<DirectModel> LoadAsync(
        Checkpoint checkpoint,
        IDevice device,
        ComputeMode mode,
        int sequences,
        int positionsMax,
        int expertGroups = 1,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        if (expertGroups < 1 || expertGroups > checkpoint.Config.Experts)
            throw new ArgumentOutOfRangeException(nameof(expertGroups), $"{expertGroups} groups of the model's {checkpoint.Config.Experts} experts");
        var steps = new DirectSteps(checkpoint.Config, sequences, positionsMax);
        var loaded = new List<IDisposable>();
        try
        {
            var vocabulary = await Vocabulary.LoadAsync(checkpoint, device, mode, cancellation).ConfigureAwait(false);
            loaded.Add(vocabulary);
            var layers = new DirectLayer[checkpoint.Config.Layers.Count];
            for (var i = 0; i < layers.Length; i++)
            {
                var plan = checkpoint.Config.Layers[i];
                layers[i] = await DirectLayer.LoadAsync(
                    checkpoint, plan, device, mode, steps.KvBlocks(plan.Mask), expertGroups, loaded, cancellation).ConfigureAwait(false);
                progress?.Report((i + 1.0) / layers.Length);
            }
            var uploader = new StepUploader(checkpoint.Config, device);
            loaded.Add(uploader);
            return new DirectModel(checkpoint, device, mode, steps, vocabulary, layers, uploader);
        }
        catch
        {
            loaded.ForEach(part => part.Dispose());
            throw;
        }
    }

    /// <summary>Enqueues one step through all layers; nothing is waited for.</summary>
    /// <param name="images">The image rows of one of the step's sequences; stay the caller's.</param>
    /// <returns>[plan.LogitRows, vocab] F32, the caller's to dispose; null if the plan asks for none.</returns>
    public Tensor? Run(StepPlan plan, ILayerTrace? trace = null, ImageRows? images = null)
    {
        using var step = _uploader.Upload(plan);
        var hidden = _vocabulary.Embed(step.TokenIds);
        images?.Place(plan, hidden);
        foreach (var layer in _layers)
        {
            var output = layer.Forward(hidden, step, trace);
            hidden.Dispose();
            hidden = output;
        }
        var logits = step.LogitRows is { } rows ? _vocabulary.Logits(hidden, rows) : null;
        hidden.Dispose();
        return logits;
    }

    public void Dispose()
    {
        _vocabulary.Dispose();
        foreach (var layer in _layers)
            layer.Dispose();
        _uploader.Dispose();
    }
}
