using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Llama4.Model;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>
/// Step 8: the routed experts of one layer that live on this host. What comes from other hosts waits while the device is busy and is
/// run as one batch, whatever replicas and micro-batches it comes from; the device groups it by expert.
/// <para>Reentrant: a pure function of rows. Of its fields only the queue changes, on this grain's scheduler.</para>
/// </summary>
[GrainType(GrainNames.ExpertGroup), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class ExpertGroupGrain(ModelHost host, PlanBoard board, ExpertCounts counts, TimeProvider clock) : Grain, IExpertGroupGrain
{
    private readonly MergeQueue _queue = new(host);
    private (long Epoch, ExpertGroup Experts)? _group;

    public ValueTask<Rows> RunAsync(long epoch, Rows rows) => RunAsync(epoch, rows, null);

    /// <param name="run">Told what the rows are run with; null where nobody asks.</param>
    private async ValueTask<Rows> RunAsync(long epoch, Rows rows, MergedRun? run)
    {
        if (rows.Payload is DeviceRows inHost)
        {
            var inForce = board.Require(epoch, this);
            var experts = inHost.Hot is { } hot ? host.Weights.Experts(GrainNames.Split(this.GetPrimaryKeyString()).First, hot, 1) : GroupOf(inForce);
            inHost.Run?.Start();
            experts.Forward(inHost.Scaled, inHost.Experts, inHost.Output);
            inHost.Run?.End();
            return rows;
        }
        using (rows)
        {
            var plan = board.Require(epoch, this);
            host.RequireRows(rows, this);
            counts.Add(GrainNames.Split(this.GetPrimaryKeyString()).First, rows.Experts.Span);
            return await _queue.RunAsync(ExpertsFor(plan, rows), rows, run);
        }
    }

    public async ValueTask<TimedRows> RunTimedAsync(long epoch, Rows rows, QuestionSpans? spans)
    {
        var arrived = clock.GetTimestamp();
        var (layer, group) = GrainNames.Split(this.GetPrimaryKeyString());
        using var run = new MergedRun(spans, host.Id, layer, group, rows.Count);
        var answer = await RunAsync(epoch, rows, run);
        return new TimedRows(answer, (long)clock.GetElapsedTime(arrived).TotalMicroseconds) { Merged = run.Rows };
    }

    /// <summary>This host's experts of the layer: the whole group, or the one that it shares with the group's owner.</summary>
    private ExpertGroup ExpertsFor(PlacementPlan plan, Rows rows)
    {
        var (layer, group) = GrainNames.Split(this.GetPrimaryKeyString());
        var placement = plan.Layers[layer].ExpertGroups[group];
        var experts = rows.Experts.Span;
        if (experts.Length != rows.Count)
            throw new RowsFormatException($"{this}: expected rows that each name their expert, found {rows.Count} rows and {experts.Length} experts");
        foreach (var expert in experts)
        {
            if (expert < placement.First || expert >= placement.First + placement.Count)
                throw new RowsFormatException($"{this}: expected rows for experts {placement.First}..{placement.First + placement.Count - 1}, found one for expert {expert}");
        }
        if (placement.Host == host.Id || placement.Standbys.Contains(host.Id))
            return GroupOf(plan);
        var hot = experts[0];
        if (experts.ContainsAnyExcept(hot) || !placement.Hot.Contains(new HotExpert(hot, host.Id)))
            throw new RowsFormatException($"{this}: expected rows for one expert that this host is the second owner of, found some for {string.Join(", ", experts.ToArray().Distinct())}");
        return host.Weights.Experts(layer, hot, 1);
    }

    private ExpertGroup GroupOf(PlacementPlan plan)
    {
        if (_group?.Epoch != plan.Epoch)
        {
            var (layer, group) = GrainNames.Split(this.GetPrimaryKeyString());
            var placement = plan.Layers[layer].ExpertGroups[group];
            _group = (plan.Epoch, host.Weights.Experts(layer, placement.First, placement.Count));
        }
        return _group.Value.Experts;
    }
}
