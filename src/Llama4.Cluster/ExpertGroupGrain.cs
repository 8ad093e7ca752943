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
/// Step 8: the routed experts of one layer that live on this host. It batches the rows it is sent by expert, on the device, runs
/// the experts and replies.
/// <para>Reentrant: a pure function of rows. After loading nothing in it changes.</para>
/// </summary>
[GrainType(GrainNames.ExpertGroup), PlanPlacement, KeepAlive, Immovable, Reentrant]
internal sealed class ExpertGroupGrain(ModelHost host, PlanBoard board) : Grain, IExpertGroupGrain
{
    private ServedEpoch _epoch = new();
    private ExpertGroup? _experts;

    public async ValueTask LoadAsync(long epoch)
    {
        var plan = board.Require(epoch, ToString()!);
        var (layer, group) = GrainNames.Split(this.GetPrimaryKeyString());
        var placement = plan.Layers[layer].ExpertGroups[group];
        if (_experts is null || _experts.FirstExpert != placement.First || _experts.Count != placement.Count)
        {
            _experts?.Dispose();
            _experts = null;
            _experts = await ExpertGroup.LoadAsync(host.Checkpoint, layer, placement.First, placement.Count, host.Device, host.Mode, host.Loading);
            host.Loaded(_experts.WeightBytes);
        }
        _epoch.Set(epoch);
    }

    public async ValueTask<Rows> RunAsync(long epoch, Rows rows)
    {
        if (rows.Payload is DeviceRows inHost)
        {
            _epoch.Require(epoch, this);
            _experts!.Forward(inHost.Scaled, inHost.Experts, inHost.Output);
            return rows;
        }
        using (rows)
        {
            _epoch.Require(epoch, this);
            return await RunFromWireAsync(rows, (PooledPayload)rows.Payload);
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _experts?.Dispose();
        return Task.CompletedTask;
    }

    private async ValueTask<Rows> RunFromWireAsync(Rows rows, PooledPayload values)
    {
        RequireRows(rows);
        using var output = host.Device.Rent(host.Mode.Activations(), rows.Count, rows.Width);
        using (var scaled = host.Device.Rent(host.Mode.Activations(), rows.Count, rows.Width))
        using (var experts = host.Device.Rent(DType.I32, rows.Count, 1))
        {
            host.Device.UploadBytes(values.Bytes.Span, scaled);
            host.Device.Upload(rows.Experts.Span, experts);
            _experts!.Forward(scaled, experts, output);
        }
        var result = PooledPayload.Rent(rows.PayloadBytes);
        try
        {
            await host.Device.DownloadAsync(output, result.Bytes);
            return new Rows(rows.Type, rows.Count, rows.Width, rows.Ids, default, result).AsAnswer();
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>A row that no expert of this group would write must not come back with what was in memory before.</summary>
    private void RequireRows(Rows rows)
    {
        var type = host.Mode.RowsType();
        if (rows.Type != type || rows.Width != host.Config.HiddenSize || rows.Count < 1 || rows.Experts.Length != rows.Count)
            throw new RowsFormatException(
                $"{this}: expected at least one row of {host.Config.HiddenSize} {type} values, each with its expert, found {rows.Count} rows of {rows.Width} {rows.Type} with {rows.Experts.Length} experts");
        foreach (var expert in rows.Experts.Span)
        {
            if (expert < _experts!.FirstExpert || expert >= _experts.FirstExpert + _experts.Count)
                throw new RowsFormatException($"{this}: expected rows for experts {_experts.FirstExpert}..{_experts.FirstExpert + _experts.Count - 1}, found one for expert {expert}");
        }
    }
}
