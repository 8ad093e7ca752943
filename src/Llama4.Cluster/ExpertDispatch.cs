using System.Buffers;
using System.Runtime.InteropServices;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster;

/// <summary>
/// Step 7: one layer's feed-forward over its owners. One message goes to every owner of experts; the shared expert runs while they
/// are away; the results are combined in a fixed order. Owners on this host get the step's tensors and nothing is read
/// back; for others the choices are read back (4 bytes a row), each owner's rows are gathered and sent, and its answer is
/// scattered to where they came from. The bits are the same either way: an expert's result depends on its row alone.
/// </summary>
internal sealed class ExpertDispatch
{
    private readonly ModelHost _host;
    private readonly (IExpertGroupGrain Grain, ExpertGroupPlacement Placement)[] _local;
    private readonly (IExpertGroupGrain Grain, ExpertGroupPlacement Placement)[] _remote;

    public ExpertDispatch(ModelHost host, IGrainFactory grains, int replica, LayerPlacement layer)
    {
        _host = host;
        Attention = grains.GetAttention(replica, layer.Layer);
        var groups = layer.ExpertGroups.Select(group => (Grain: grains.GetExpertGroup(layer.Layer, group.Group), Placement: group)).ToLookup(group => group.Placement.Host == host.Id);
        _local = [.. groups[true]];
        _remote = [.. groups[false]];
    }

    /// <summary>The layer's attention, router and shared expert (or dense feed-forward).</summary>
    public IAttentionGrain Attention { get; }

    /// <summary>From the router's choice to the layer's output, enqueued: <see cref="StepInHost.Hidden"/> is then the next layer's input.</summary>
    public async ValueTask RunAsync(StepInHost step)
    {
        if (step.Routing is not { } routing)
        {
            await Attention.FeedForwardAsync(step);
            return;
        }

        // The order on the device's queue: what the wire waits for first, then the shared expert, then this host's experts.
        var away = _remote.Length > 0 ? RunRemoteAsync(step, routing) : Task.CompletedTask;
        var calls = new Task[1 + _local.Length];
        calls[0] = Attention.FeedForwardAsync(step).AsTask();
        for (var i = 0; i < _local.Length; i++)
            calls[1 + i] = RunLocalAsync(_local[i].Grain, step, routing);
        // All of them, also when one fails: the step's tensors must outlive every call that uses them.
        await Task.WhenAll([away, .. calls]);
        step.EndLayer(LayerCombine.Forward(_host.Device, step.Residual!, step.Shared!, step.Routed!));
    }

    private static async Task RunLocalAsync(IExpertGroupGrain owner, StepInHost step, RouterOutput routing)
    {
        var payload = new DeviceRows(routing.Scaled, routing.Experts, step.Routed!);
        await owner.RunAsync(step.Plan.Epoch, new Rows(RowsOf(step), step.Rows, routing.Scaled.Width, default, default, payload));
    }

    private async Task RunRemoteAsync(StepInHost step, RouterOutput routing)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(step.Rows * sizeof(int));
        try
        {
            var choices = bytes.AsMemory(0, step.Rows * sizeof(int));
            await _host.Device.DownloadAsync(routing.Experts, choices);
            var calls = new List<Task>(_remote.Length);
            foreach (var (grain, placement) in _remote)
            {
                if (RowsFor(placement, choices.Span) is { Rows.Length: > 0 } owned)
                    calls.Add(RunRemoteAsync(grain, step, routing, owned.Rows, owned.Experts));
            }
            await Task.WhenAll(calls);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async Task RunRemoteAsync(IExpertGroupGrain owner, StepInHost step, RouterOutput routing, int[] rows, int[] experts)
    {
        using var question = await GatherAsync(routing.Scaled, rows, experts);
        using var answer = await owner.RunAsync(step.Plan.Epoch, question);
        if (answer.Count != rows.Length || answer.Width != routing.Scaled.Width || answer.Type != question.Type)
            throw new RowsFormatException(
                $"{owner}: expected {rows.Length} rows of {routing.Scaled.Width} {question.Type}, found {answer.Count} of {answer.Width} {answer.Type}");
        using var values = _host.Device.Rent(routing.Scaled.DType, rows.Length, answer.Width);
        using var indexes = _host.Device.Rent(DType.I32, rows.Length, 1);
        _host.Device.UploadBytes(((PooledPayload)answer.Payload).Bytes.Span, values);
        _host.Device.Upload<int>(rows, indexes);
        _host.Device.ScatterRows(values, indexes, step.Routed!);
    }

    /// <summary>The rows of one owner, in a host buffer that the result owns.</summary>
    private async ValueTask<Rows> GatherAsync(Tensor scaled, int[] rows, int[] experts)
    {
        using var gathered = _host.Device.Rent(scaled.DType, rows.Length, scaled.Width);
        using (var indexes = _host.Device.Rent(DType.I32, rows.Length, 1))
        {
            _host.Device.Upload<int>(rows, indexes);
            _host.Device.GatherRows(scaled, indexes, gathered);
        }
        var payload = PooledPayload.Rent(checked((int)gathered.Bytes));
        try
        {
            await _host.Device.DownloadAsync(gathered, payload.Bytes);
            return new Rows(_host.Mode.RowsType(), rows.Length, scaled.Width, rows, experts, payload);
        }
        catch
        {
            payload.Dispose();
            throw;
        }
    }

    private static (int[] Rows, int[] Experts) RowsFor(ExpertGroupPlacement group, ReadOnlySpan<byte> choices)
    {
        var experts = MemoryMarshal.Cast<byte, int>(choices);
        var rows = new List<int>();
        var chosen = new List<int>();
        for (var row = 0; row < experts.Length; row++)
        {
            if (experts[row] < group.First || experts[row] >= group.First + group.Count)
                continue;
            rows.Add(row);
            chosen.Add(experts[row]);
        }
        return ([.. rows], [.. chosen]);
    }

    private static RowsType RowsOf(StepInHost step) => step.Residual!.DType == DType.BF16 ? RowsType.BF16 : RowsType.F32;
}
