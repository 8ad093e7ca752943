using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Hosting;

/// <summary>
/// What the grains of one host share: the checkpoint they load from, the device they compute on, and the sizes that follow
/// from the host's options. One silo has one.
/// </summary>
internal sealed class ModelHost : IAsyncDisposable
{
    private readonly IProgress<double>? _progress;
    private readonly long _bytesToLoad;
    private long _bytesLoaded;

    /// <param name="checkpoint">Opened and checked; becomes the host's.</param>
    /// <param name="device">Becomes the host's.</param>
    /// <param name="loading">Cancelled when nothing more shall be loaded.</param>
    public ModelHost(
        HostId id, Checkpoint checkpoint, IDevice device, ComputeMode mode, KvSizes kv, IProgress<double>? progress, CancellationToken loading = default)
    {
        Loading = loading;
        Id = id;
        Checkpoint = checkpoint;
        Device = device;
        Mode = mode;
        Kv = kv;
        Uploader = new StepUploader(checkpoint.Config, device);
        _progress = progress;
        _bytesToLoad = checkpoint.WeightBytes;
    }

    public HostId Id { get; }

    public Checkpoint Checkpoint { get; }

    public Llama4Config Config => Checkpoint.Config;

    public IDevice Device { get; }

    public ComputeMode Mode { get; }

    /// <summary>Blocks of the KV pool of every layer.</summary>
    public KvSizes Kv { get; }

    public StepUploader Uploader { get; }

    /// <summary>What grains load is broken off with it: a host ends only after the last of them has stopped.</summary>
    public CancellationToken Loading { get; }

    /// <summary>Bytes of weights that this host's grains hold on the device.</summary>
    public long WeightBytes => Interlocked.Read(ref _bytesLoaded);

    /// <summary>Blocks of the KV pool of a layer with this mask.</summary>
    public int KvBlocks(AttentionMask mask) => mask == AttentionMask.Chunked ? Kv.ChunkedBlocks : Kv.FullBlocks;

    /// <summary>A grain has loaded its part.</summary>
    public void Loaded(long weightBytes)
    {
        var loaded = Interlocked.Add(ref _bytesLoaded, weightBytes);
        _progress?.Report(Math.Min(1, (double)loaded / _bytesToLoad));
    }

    public async ValueTask DisposeAsync()
    {
        Uploader.Dispose();
        await Device.DisposeAsync();
        Checkpoint.Dispose();
    }
}
