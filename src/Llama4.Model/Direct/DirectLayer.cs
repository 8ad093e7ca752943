using Llama4.Compute;

namespace Llama4.Model;

/// <summary>One layer with its keys and values: attention, then the experts or the dense feed-forward.</summary>
internal sealed class DirectLayer : IDisposable
{
    private readonly IDevice _device;
    private readonly AttentionBlock _attention;
    private readonly KvCache _cache;
    private readonly DenseFeedForward? _dense;
    private readonly Router? _router;
    private readonly SharedExpert? _shared;
    private readonly ExpertGroup[] _groups;

    private DirectLayer(
        IDevice device, AttentionBlock attention, KvCache cache, DenseFeedForward? dense, Router? router, SharedExpert? shared, ExpertGroup[] groups)
    {
        _device = device;
        _attention = attention;
        _cache = cache;
        _dense = dense;
        _router = router;
        _shared = shared;
        _groups = groups;
    }

    public long WeightBytes =>
        _attention.WeightBytes + (_dense?.WeightBytes ?? 0) + (_router?.WeightBytes ?? 0) + (_shared?.WeightBytes ?? 0) + _groups.Sum(group => group.WeightBytes);

    public long KvBytes => _cache.Bytes;

    /// <param name="loaded">Takes what was loaded, so that a later failure can dispose it.</param>
    public static async ValueTask<DirectLayer> LoadAsync(
        Checkpoint checkpoint, LayerPlan plan, IDevice device, ComputeMode mode, int kvBlocks, int expertGroups, List<IDisposable> loaded, CancellationToken cancellation)
    {
        T Keep<T>(T part) where T : IDisposable
        {
            loaded.Add(part);
            return part;
        }

        var index = plan.Index;
        var attention = Keep(await AttentionBlock.LoadAsync(checkpoint, index, device, mode, cancellation).ConfigureAwait(false));
        var cache = Keep(device.AllocateKv(attention.KvShape(kvBlocks)));
        if (!plan.IsMoe)
        {
            var dense = Keep(await DenseFeedForward.LoadAsync(checkpoint, index, device, mode, cancellation).ConfigureAwait(false));
            return new DirectLayer(device, attention, cache, dense, null, null, []);
        }
        var router = Keep(await Router.LoadAsync(checkpoint, index, device, mode, cancellation).ConfigureAwait(false));
        var shared = Keep(await SharedExpert.LoadAsync(checkpoint, index, device, mode, cancellation).ConfigureAwait(false));
        var groups = new ExpertGroup[expertGroups];
        var experts = checkpoint.Config.Experts;
        for (var group = 0; group < expertGroups; group++)
        {
            int first = (int)((long)experts * group / expertGroups), end = (int)((long)experts * (group + 1) / expertGroups);
            groups[group] = Keep(await ExpertGroup.LoadAsync(checkpoint, index, first, end - first, device, mode, cancellation).ConfigureAwait(false));
        }
        return new DirectLayer(device, attention, cache, null, router, shared, groups);
    }

    /// <param name="hidden">[rows, hidden]; stays the caller's.</param>
    /// <returns>The layer's output [rows, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor hidden, StepTensors step, ILayerTrace? trace)
    {
        var index = _attention.Plan.Index;
        using var residual = _attention.Forward(hidden, step, _cache);
        trace?.AttentionResidual(index, residual);
        var output = _dense is not null ? _dense.Forward(residual) : Moe(residual, trace);
        trace?.Output(index, output);
        return output;
    }

    public void Dispose()
    {
        _attention.Dispose();
        _cache.Dispose();
        _dense?.Dispose();
        _router?.Dispose();
        _shared?.Dispose();
        foreach (var group in _groups)
            group.Dispose();
    }

    private Tensor Moe(Tensor residual, ILayerTrace? trace)
    {
        using var routed = _router!.Forward(residual);
        trace?.Routed(_attention.Plan.Index, routed.Logits, routed.Experts);
        using var shared = _shared!.Forward(routed.Normed);
        using var experts = _device.Rent(residual.DType, residual.Rows, residual.Width);
        foreach (var group in _groups)
            group.Forward(routed.Scaled, routed.Experts, experts);
        return LayerCombine.Forward(_device, residual, shared, experts);
    }
}
