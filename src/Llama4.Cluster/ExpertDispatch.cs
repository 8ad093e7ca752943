using System.Buffers;
using System.Runtime.InteropServices;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster;

/// <summary>
/// Step 7: one layer's feed-forward over its owners. One message goes to every owner of experts; the shared expert runs while they
/// are away; the results are combined in a fixed order. Owners on this host get the step's tensors and nothing is read
/// back; for others choices and rows are read back, each owner's rows are gathered and sent, and its answer is
/// scattered to where they came from. The bits are the same either way: an expert's result depends on its row alone.
/// </summary>
internal sealed class ExpertDispatch
{
    private readonly ModelHost _host;
    private readonly ExpertCalls _calls;
    private readonly GroupOwners[] _groups;

    public ExpertDispatch(ModelHost host, PlanBoard board, IGrainFactory grains, int replica, LayerPlacement layer, ExpertCalls calls)
    {
        (_host, _calls) = (host, calls);
        Attention = grains.GetAttention(replica, layer.Layer, host.Id);
        _groups = Array.ConvertAll(layer.ExpertGroups, group => new GroupOwners(host.Id, board, grains, layer.Layer, group));
    }

    /// <summary>The layer's attention, router and shared expert (or dense feed-forward).</summary>
    public IAttentionGrain Attention { get; }

    /// <summary>From the router's choice to the layer's output, enqueued: <see cref="StepInHost.Hidden"/> is then the next layer's input.</summary>
    /// <exception cref="HostUnreachableException">No owner of a group answers.</exception>
    public async ValueTask RunAsync(StepInHost step)
    {
        if (step.Routing is not { } routing)
        {
            await Attention.FeedForwardAsync(step);
            return;
        }

        // Whom to ask is decided once: a group is run either here or elsewhere, also if a host becomes suspected meanwhile.
        var here = Array.ConvertAll(_groups, group => group.Here);
        // The order on the device's queue: what the wire waits for first, then the shared expert, then this host's experts.
        var away = Array.IndexOf(here, null) >= 0 ? RunRemoteAsync(step, routing, here) : Task.CompletedTask;
        var calls = new List<Task>(1 + _groups.Length) { Attention.FeedForwardAsync(step).AsTask() };
        foreach (var group in here)
        {
            if (group is not null)
                calls.Add(RunLocalAsync(group, step, routing));
        }
        calls.Add(away);
        // All of them, also when one fails: the step's tensors must outlive every call that uses them.
        await Task.WhenAll(calls);
        step.EndLayer(LayerCombine.Forward(_host.Device, step.Residual!, step.Shared!, step.Routed!));
    }

    private async Task RunLocalAsync(IExpertGroupGrain owner, StepInHost step, RouterOutput routing)
    {
        var payload = new DeviceRows(routing.Scaled, routing.Experts, step.Routed!);
        await owner.RunAsync(step.Plan.Epoch, new Rows(_host.Mode.RowsType(), step.Rows, routing.Scaled.Width, default, default, payload));
    }

    private async Task RunRemoteAsync(StepInHost step, RouterOutput routing, IExpertGroupGrain?[] here)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(step.Rows * sizeof(int));
        try
        {
            var choices = bytes.AsMemory(0, step.Rows * sizeof(int));
            using var rows = await DownloadAsync(routing, choices);
            var calls = new List<Task>(_groups.Length);
            for (var i = 0; i < _groups.Length; i++)
            {
                if (here[i] is null && RowsFor(_groups[i], choices.Span) is { Rows.Length: > 0 } owned)
                    calls.Add(RunRemoteAsync(_groups[i], step, Gather(rows, owned.Rows, owned.Experts)));
            }
            await Task.WhenAll(calls);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>
    /// The router's choices and all rows, asked for at once: rows that were asked for when the choices are known would wait on the device's queue behind the shared
    /// expert and the attention of other micro-batches.
    /// </summary>
    private async Task<Rows> DownloadAsync(RouterOutput routing, Memory<byte> choices)
    {
        var choosing = _host.Device.DownloadAsync(routing.Experts, choices).AsTask();
        var rows = _host.DownloadRowsAsync(routing.Scaled).AsTask();
        try
        {
            await Task.WhenAll(choosing, rows);
            return await rows;
        }
        catch
        {
            if (rows.IsCompletedSuccessfully)
                rows.Result.Dispose();
            throw;
        }
    }

    private async Task RunRemoteAsync(GroupOwners owners, StepInHost step, Rows question)
    {
        var (rows, width) = (question.Ids, question.Width);
        using var answer = await _calls.RunAsync(owners, step.Plan.Epoch, question);
        if (answer.Count != rows.Length || answer.Width != width || answer.Type != _host.Mode.RowsType())
            throw new RowsFormatException(
                $"{owners.Grains[0]}: expected {rows.Length} rows of {width} {_host.Mode.RowsType()}, found {answer.Count} of {answer.Width} {answer.Type}");
        using var values = _host.Device.Rent(_host.Mode.Activations(), rows.Length, width);
        using var indexes = _host.Device.Rent(DType.I32, rows.Length, 1);
        _host.Device.UploadBytes(((PooledPayload)answer.Payload).Bytes.Span, values);
        _host.Device.Upload(rows.Span, indexes);
        _host.Device.ScatterRows(values, indexes, step.Routed!);
    }

    /// <summary>The rows of one owner, in a host buffer that the result owns.</summary>
    /// <param name="all">[rows of the step]; stays the caller's.</param>
    private static Rows Gather(Rows all, int[] rows, int[] experts)
    {
        var rowBytes = all.PayloadBytes / all.Count;
        var from = ((PooledPayload)all.Payload).Span;
        var payload = PooledPayload.Rent(rows.Length * rowBytes);
        for (var i = 0; i < rows.Length; i++)
            from.Slice(rows[i] * rowBytes, rowBytes).CopyTo(payload.Span[(i * rowBytes)..]);
        return new Rows(all.Type, rows.Length, all.Width, rows, experts, payload);
    }

    private static (int[] Rows, int[] Experts) RowsFor(GroupOwners group, ReadOnlySpan<byte> choices)
    {
        var experts = MemoryMarshal.Cast<byte, int>(choices);
        var rows = new List<int>();
        var chosen = new List<int>();
        for (var row = 0; row < experts.Length; row++)
        {
            if (!group.Has(experts[row]))
                continue;
            rows.Add(row);
            chosen.Add(experts[row]);
        }
        return ([.. rows], [.. chosen]);
    }
}
