using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Llama4.Tokenization;
using Vocabulary = Llama4.Structured.Vocabularies.Vocabulary;

namespace Llama4.Cluster.Hosting;

/// <summary>
/// What the grains of one host share: the checkpoint they load from, the weights that are loaded, the device they compute on, and the
/// sizes that follow from the host's options. One silo has one.
/// </summary>
internal sealed class ModelHost : IAsyncDisposable
{
    private readonly Lazy<Task<Vocabulary>> _tokenTexts;
    private long _kvHeldBytes;

    /// <param name="checkpoint">Opened and checked; becomes the host's.</param>
    /// <param name="device">Becomes the host's.</param>
    /// <param name="kvBytes">Of a replica's pools over all layers; null for what the model's context asks for, within a bound.</param>
    /// <param name="loading">Cancelled when nothing more shall be loaded.</param>
    public ModelHost(
        HostId id, Checkpoint checkpoint, IDevice device, ComputeMode mode, SchedulerLimits limits, long? kvBytes,
        IProgress<double>? progress, CancellationToken loading = default)
    {
        Id = id;
        Checkpoint = checkpoint;
        Device = device;
        Mode = mode;
        Limits = limits;
        var needs = KvPlan.Needs(checkpoint.Config, mode, limits);
        Kv = KvPlan.Sizes(needs, kvBytes);
        KvLayers = KvPlan.Layers(checkpoint.Config, needs);
        KvBytes = KvBudget.Bytes(needs, Kv);
        TokensMax = (int)Math.Min(limits.ContextMax, new KvMemory(Kv).PositionsMax + 1L);
        Uploader = new StepUploader(checkpoint.Config, device);
        Weights = new WeightStore(id, checkpoint, device, mode, loading, progress);
        _tokenTexts = new(() => Task.Run(() => Vocabulary.Of(TokenizerLoader.Load(checkpoint.Directory))));
    }

    public HostId Id { get; }

    public Checkpoint Checkpoint { get; }

    public Llama4Config Config => Checkpoint.Config;

    public IDevice Device { get; }

    public ComputeMode Mode { get; }

    public SchedulerLimits Limits { get; }

    public WeightStore Weights { get; }

    /// <summary>What the ids stand for, by the tokenizer beside the weights: read (about a second for Llama 4) when the first constraint asks, so only where the vocabulary is.</summary>
    /// <exception cref="TokenizerFormatException">The checkpoint has no tokenizer, or not one that can be read.</exception>
    public Task<Vocabulary> TokenTextsAsync() => _tokenTexts.Value;

    /// <summary>Blocks of the KV pool of every layer.</summary>
    public KvSizes Kv { get; }

    /// <summary>Which layer has which kind of blocks.</summary>
    public KvLayers KvLayers { get; }

    /// <summary>Bytes of the KV pools of a replica over all layers.</summary>
    public long KvBytes { get; }

    /// <summary>Most tokens of a sequence, prompt and answer together: the model's context, or what the KV memory holds.</summary>
    public int TokensMax { get; }

    public StepUploader Uploader { get; }

    /// <summary>Bytes of the KV pools that are on the device now.</summary>
    public long KvHeldBytes => Interlocked.Read(ref _kvHeldBytes);

    /// <summary>
    /// Hosts whose identities are equal give the same bits and count KV blocks alike: the same checkpoint, activations, kind of device and KV pools.
    /// </summary>
    public string Identity => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Checkpoint.Identity}/{Mode}/{Device.Description.Kind}/kv {Kv.ChunkedBlocks}+{Kv.FullBlocks}/context {Limits.ContextMax}");

    /// <summary>A KV pool has come to the device, or with less than 0 has gone.</summary>
    public void AddKv(long bytes) => Interlocked.Add(ref _kvHeldBytes, bytes);

    /// <summary>Blocks of the KV pool of a layer with this mask.</summary>
    public int KvBlocks(AttentionMask mask) => mask == AttentionMask.Chunked ? Kv.ChunkedBlocks : Kv.FullBlocks;

    public async ValueTask DisposeAsync()
    {
        await Weights.DisposeAsync();
        Uploader.Dispose();
        await Device.DisposeAsync();
        Checkpoint.Dispose();
    }
}
