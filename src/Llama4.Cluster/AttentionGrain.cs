using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Llama4.Cluster;

/// <summary>
/// Step 5: one layer's turn. It enqueues the layer's mathematics (step 6, <see cref="AttentionBlock"/>) on the host's device and
/// hands the step on, its tensors still pending.
/// <para>Reentrant: several micro-batches are inside at once. After loading nothing in it changes but the keys and values on the
/// device, and those in the order of the device's queue, each step in slots of its own.</para>
/// </summary>
[GrainType(GrainNames.Attention), PlanPlacement, KeepAlive, Immovable, Reentrant]
internal sealed class AttentionGrain(ModelHost host, PlanBoard board) : Grain, IAttentionGrain
{
    private ServedEpoch _epoch = new();
    private AttentionBlock? _attention;
    private KvCache? _cache;

    /// <summary>On MoE layers.</summary>
    private (Router Router, SharedExpert Shared)? _moe;

    /// <summary>On dense layers.</summary>
    private DenseFeedForward? _dense;

    public async ValueTask LoadAsync(long epoch)
    {
        board.Require(epoch, ToString()!);
        var layer = host.Config.Layers[GrainNames.Split(this.GetPrimaryKeyString()).Second];
        // Each part is kept once it is whole: a load that failed half way goes on from there when it is asked again.
        if (_attention is null)
        {
            _attention = await AttentionBlock.LoadAsync(host.Checkpoint, layer.Index, host.Device, host.Mode, host.Loading);
            host.Loaded(_attention.WeightBytes);
        }
        _cache ??= host.Device.AllocateKv(_attention.KvShape(host.KvBlocks(layer.Mask)));
        if (_moe is null && _dense is null)
            await LoadFeedForwardAsync(layer);
        _epoch.Set(epoch);
    }

    public ValueTask AttendAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        _epoch.Require(step.Plan.Epoch, this);
        inHost.Residual = _attention!.Forward(inHost.Hidden!, inHost.Tensors, _cache!);
        if (_moe is { } moe)
        {
            inHost.Routing = moe.Router.Forward(inHost.Residual);
            inHost.Routed = host.Device.Rent(inHost.Residual.DType, inHost.Residual.Rows, inHost.Residual.Width);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask FeedForwardAsync(HostStep step)
    {
        var inHost = (StepInHost)step;
        _epoch.Require(step.Plan.Epoch, this);
        if (_moe is { } moe)
            inHost.Shared = moe.Shared.Forward(inHost.Routing!.Normed);
        else
            inHost.EndLayer(_dense!.Forward(inHost.Residual!));
        return ValueTask.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _attention?.Dispose();
        _cache?.Dispose();
        _moe?.Router.Dispose();
        _moe?.Shared.Dispose();
        _dense?.Dispose();
        return Task.CompletedTask;
    }

    private async ValueTask LoadFeedForwardAsync(LayerPlan layer)
    {
        if (layer.IsMoe)
        {
            var router = await Router.LoadAsync(host.Checkpoint, layer.Index, host.Device, host.Mode, host.Loading);
            try
            {
                _moe = (router, await SharedExpert.LoadAsync(host.Checkpoint, layer.Index, host.Device, host.Mode, host.Loading));
            }
            catch
            {
                router.Dispose();
                throw;
            }
            host.Loaded(router.WeightBytes + _moe.Value.Shared.WeightBytes);
        }
        else
        {
            _dense = await DenseFeedForward.LoadAsync(host.Checkpoint, layer.Index, host.Device, host.Mode, host.Loading);
            host.Loaded(_dense.WeightBytes);
        }
    }
}
