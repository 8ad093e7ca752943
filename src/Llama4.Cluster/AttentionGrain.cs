using Llama4.Cluster.Hosting;
using Llama4.Cluster.Kv;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime;

namespace Llama4.Cluster;

/// <summary>
/// Step 5: one layer's turn. It enqueues the layer's mathematics (step 6, <see cref="AttentionBlock"/>) on the host's device and
/// hands the step on, its tensors still pending.
/// <para>Reentrant: several micro-batches are inside at once. After it is prepared nothing in it changes but the keys and values on the
/// device, and those in the order of the device's queue, each step in slots of its own. Blocks for the next plan come in (<see cref="KvIntake"/>) while no step writes here.</para>
/// </summary>
[GrainType(GrainNames.Attention), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class AttentionGrain(ModelHost host, PlanBoard board, StepFence fence, TimeProvider clock) : Grain, IAttentionGrain
{
    private LayerWeights? _layer;
    private KvCache? _cache;
    private KvIntake? _intake;
    private int _replica;

    public ValueTask PrepareAsync()
    {
        // Anew for each plan: weights that were let go and loaded again are others.
        (_replica, var layer) = GrainNames.Split(this.GetPrimaryKeyString());
        _layer = host.Weights.Layer(layer);
        if (_cache is null)
        {
            var cache = _cache = host.Device.AllocateKv(_layer.Attention.KvShape(host.KvBlocks(_layer.Attention.Plan.Mask)));
            host.AddKv(cache.Bytes);
            _intake = new KvIntake(_replica, layer, board, GrainFactory, clock, (blocks, page) => host.Device.UploadPage(cache, blocks, page));
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask AttendAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        board.Require(step.Plan.Epoch, this);
        fence.Require(_replica, step.Plan);
        inHost.Residual = _layer!.Attention.Forward(inHost.Hidden!, inHost.Tensors, _cache!);
        if (_layer.Router is { } router)
        {
            inHost.Routing = router.Forward(inHost.Residual, inHost.Choices?.Of(_layer.Attention.Plan.Index));
            inHost.Routed = host.Device.Rent(inHost.Residual.DType, inHost.Residual.Rows, inHost.Residual.Width);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask FeedForwardAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        board.Require(step.Plan.Epoch, this);
        if (_layer!.Shared is { } shared)
            inHost.Shared = shared.Forward(inHost.Routing!.Normed);
        else
            inHost.EndLayer(_layer.Dense!.Forward(inHost.Residual!));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<Rows> ReadKvAsync(long epoch, int[] blocks)
    {
        board.Require(epoch, this);
        return (await host.Device.DownloadPageAsync(_cache ?? throw NoCache(), blocks)).AsAnswer();
    }

    public ValueTask<Guid> PullKvAsync(KvPull pull) => (_intake ?? throw NoCache()).TakeAsync(pull);

    public async ValueTask ReleaseAsync()
    {
        await host.Device.SynchronizeAsync();
        DisposeCache();
        DeactivateOnIdle();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        DisposeCache();
        return Task.CompletedTask;
    }

    private void DisposeCache()
    {
        host.AddKv(-(_cache?.Bytes ?? 0));
        _cache?.Dispose();
        (_cache, _intake, _layer) = (null, null, null);
    }

    private InvalidOperationException NoCache() => new($"{this} holds no keys and values: no plan that it was prepared for gives the layer to this host");
}
