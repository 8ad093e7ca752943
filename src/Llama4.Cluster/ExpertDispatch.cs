using System.Buffers;
using System.Runtime.InteropServices;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Steps;
using Llama4.Cluster.Traces;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster;

/// <summary>
/// Step 7: one layer's feed-forward over its owners. One message goes to every owner of experts; the shared expert runs while they
/// are away; the results are combined in a fixed order. Owners on this host get the step's tensors and nothing is read
/// back; for others choices and rows are read back, each owner's rows are gathered and sent, and its answer is
/// scattered to where they came from. A hot expert's rows go to its two owners in turns. The bits are the same either way: an expert's
/// result depends on its row alone.
/// </summary>
internal sealed class ExpertDispatch
{
    /// <summary>In place of the choice of a row that is not run here: no group has such an expert.</summary>
    private const int Elsewhere = -1;

    private readonly ModelHost _host;
    private readonly ExpertCalls _calls;
    private readonly ExpertCounts _counts;
    private readonly int _layer;

    /// <summary>The groups, then the second owners of hot experts.</summary>
    private readonly GroupOwners[] _owners;

    /// <summary>[owners] the group that a second owner's expert is of; a group's own.</summary>
    private readonly int[] _groups;
    private readonly RowSplit _split;

    public ExpertDispatch(ModelHost host, PlanBoard board, IGrainFactory grains, int replica, LayerPlacement layer, ExpertCalls calls, ExpertCounts counts)
    {
        (_host, _calls, _counts, _layer) = (host, calls, counts, layer.Layer);
        Attention = grains.GetAttention(replica, layer.Layer, host.Id);
        _owners = GroupOwners.Of(layer, host.Id, board, grains);
        _groups = Array.ConvertAll(_owners, owner => Array.IndexOf(layer.ExpertGroups, owner.Placement));
        _split = new RowSplit(layer);
    }

    /// <summary>The layer's attention, router and shared expert (or dense feed-forward).</summary>
    public IAttentionGrain Attention { get; }

    /// <summary>Of the layer: hosts of groups and second owners of hot experts.</summary>
    public int Owners => _owners.Length;

    /// <summary>From the router's choice to the layer's output, enqueued: <see cref="StepInHost.Hidden"/> is then the next layer's input.</summary>
    /// <exception cref="HostUnreachableException">No owner of a group answers.</exception>
    public ValueTask RunAsync(StepInHost step) => step.Trace is { } trace ? RunTracedAsync(step, trace) : RunAsync(step, null);

    private async ValueTask RunTracedAsync(StepInHost step, StepTrace stage)
    {
        var trace = stage.Attended(_layer, step.Routing);
        await RunAsync(step, trace);
        trace.End();
    }

    private async ValueTask RunAsync(StepInHost step, LayerTrace? trace)
    {
        if (step.Routing is not { } routing)
        {
            await Attention.FeedForwardAsync(step);
            return;
        }

        // Whom to ask is decided once: a group is run either here or elsewhere, also if a host becomes suspected meanwhile.
        var here = Array.ConvertAll(_owners, owner => owner.Here);
        var isWhole = new bool[_owners.Length];
        Array.Fill(isWhole, true);
        for (var i = 0; i < here.Length; i++)
            isWhole[_groups[i]] &= here[i] is not null;
        var isAllHere = Array.IndexOf(here, null) < 0;
        if (isAllHere)
        {
            _counts.AddUnnamed(step.Rows);
            step.Choices?.RanHere(_layer);
            trace?.Owned(_split.GroupOf);
        }
        // The order on the device's queue: what the wire waits for first, then the shared expert, then this host's experts.
        var byChoice = isAllHere ? Task.CompletedTask : RunByChoiceAsync(step, routing, here, isWhole, trace);
        var calls = new List<Task>(1 + _owners.Length) { Attention.FeedForwardAsync(step).AsTask() };
        for (var i = 0; i < here.Length; i++)
        {
            if (_owners[i].Hot is null && isWhole[i])
                calls.Add(RunLocalAsync(here[i]!, step, routing.Experts, null, trace?.Local(i)));
        }
        calls.Add(byChoice);
        // All of them, also when one fails: the step's tensors must outlive every call that uses them.
        await Task.WhenAll(calls);
        step.EndLayer(LayerCombine.Forward(_host.Device, step.Residual!, step.Shared!, step.Routed!));
    }

    /// <param name="experts">[rows, 1] I32: the router's choices, or those of them that are run here.</param>
    private async Task RunLocalAsync(IExpertGroupGrain owner, StepInHost step, Tensor experts, int? hot, LocalRun? run)
    {
        var scaled = step.Routing!.Scaled;
        var payload = new DeviceRows(scaled, experts, step.Routed!) { Hot = hot, Run = run };
        await owner.RunAsync(step.Plan.Epoch, new Rows(_host.Mode.RowsType(), step.Rows, scaled.Width, default, default, payload));
    }

    /// <summary>What the router's choices must be known for: experts elsewhere, and experts here of whose rows some are run elsewhere.</summary>
    /// <param name="isWhole">[owners] groups that are run here with all of their rows, whatever is chosen.</param>
    private async Task RunByChoiceAsync(StepInHost step, RouterOutput routing, IExpertGroupGrain?[] here, bool[] isWhole, LayerTrace? trace)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(step.Rows * sizeof(int));
        var assigned = ArrayPool<int>.Shared.Rent(step.Rows);
        try
        {
            var choices = bytes.AsMemory(0, step.Rows * sizeof(int));
            using var rows = await DownloadAsync(routing, choices);
            Assign(choices.Span, assigned.AsSpan(0, step.Rows), here);
            trace?.Assigned(assigned.AsSpan(0, step.Rows));
            var calls = new List<Task>(_owners.Length);
            for (var i = 0; i < _owners.Length; i++)
            {
                if (here[i] is null && OwnedRows.Gather(i, rows, choices.Span, assigned) is { } question)
                    calls.Add(RunRemoteAsync(_owners[i], step, question, Followed(i, step, question, trace)));
            }
            calls.Add(RunPartlyAsync(step, here, isWhole, choices, assigned, trace));
            await Task.WhenAll(calls);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(assigned);
        }
    }

    /// <summary>Null where nobody wants to know what becomes of the rows.</summary>
    private static RemoteRun? Followed(int owner, StepInHost step, Rows question, LayerTrace? trace)
    {
        var requests = StepRequests.Among(step.Plan, question.Ids.Span);
        return trace?.Remote(owner, requests) ?? (requests.Length == 0 ? null : new RemoteRun(new QuestionSpans([], requests)));
    }

    /// <summary>Gives each row its owner. A host that is both of an expert's owners runs all of its rows with the group's.</summary>
    private void Assign(ReadOnlySpan<byte> choices, Span<int> assigned, IExpertGroupGrain?[] here)
    {
        var chosen = MemoryMarshal.Cast<byte, int>(choices);
        _split.Assign(chosen, assigned);
        for (var row = 0; row < assigned.Length; row++)
        {
            var group = _groups[assigned[row]];
            if (here[assigned[row]] is null)
                continue;
            _counts.Add(_layer, chosen.Slice(row, 1));
            if (here[group] is not null)
                assigned[row] = group;
        }
    }

    /// <summary>Groups of which some rows are run elsewhere: as if those rows had chosen nothing.</summary>
    private async Task RunPartlyAsync(StepInHost step, IExpertGroupGrain?[] here, bool[] isWhole, Memory<byte> choices, int[] assigned, LayerTrace? trace)
    {
        int[] partly = [.. Enumerable.Range(0, here.Length).Where(i => here[i] is not null && !isWhole[_groups[i]] && (i == _groups[i] || here[_groups[i]] is null))];
        if (partly.Length == 0)
            return;
        var own = MemoryMarshal.Cast<byte, int>(choices.Span).ToArray();
        for (var row = 0; row < own.Length; row++)
            own[row] = here[assigned[row]] is null ? Elsewhere : own[row];
        using var experts = _host.Device.Rent(DType.I32, own.Length, 1);
        _host.Device.Upload<int>(own, experts);
        await Task.WhenAll(partly.Select(i => RunLocalAsync(here[i]!, step, experts, _owners[i].Hot, trace?.Local(i))));
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

    private async Task RunRemoteAsync(GroupOwners owners, StepInHost step, Rows question, RemoteRun? run)
    {
        var (rows, width) = (question.Ids, question.Width);
        using var answer = await _calls.RunAsync(owners, step.Plan.Epoch, question, run);
        if (answer.Count != rows.Length || answer.Width != width || answer.Type != _host.Mode.RowsType())
            throw new RowsFormatException(
                $"{owners.Grains[0]}: expected {rows.Length} rows of {width} {_host.Mode.RowsType()}, found {answer.Count} of {answer.Width} {answer.Type}");
        using var values = _host.Device.Rent(_host.Mode.Activations(), rows.Length, width);
        using var indexes = _host.Device.Rent(DType.I32, rows.Length, 1);
        _host.Device.UploadBytes(((PooledPayload)answer.Payload).Bytes.Span, values);
        _host.Device.Upload(rows.Span, indexes);
        _host.Device.ScatterRows(values, indexes, step.Routed!);
    }
}
