using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>Makes the placement plan, publishes it, and has every owner load its part before anyone is told that all is ready.</summary>
[GrainType(GrainNames.Plan), PreferLocalPlacement, KeepAlive, Immovable]
internal sealed class PlanGrain(ModelHost host, PlanBoard board, ClusterShape shape, SchedulerLimits limits) : Grain, IPlanGrain
{
    private const int Replica = 0;
    private long _epoch;

    public async ValueTask<long> StartAsync()
    {
        if (_epoch > 0)
            return _epoch;
        var plan = PlacementPlanner.Plan(new PlacementRequest(
            ModelShapes.Of(host.Config, host.Mode.Activations()),
            [new HostCapacity(host.Id, shape.HostBytes)],
            new PlanWork(limits.ContextMax, limits.SequencesMax, KvPositions.Of(host.Kv)) { RowsMax = limits.TokensPerStepMax },
            Epoch: 1) { GroupsOnOneHost = shape.ExpertGroups });
        board.Publish(plan);
        await LoadAsync(plan);
        return _epoch = plan.Epoch;
    }

    /// <summary>One owner after the other: each uses all of the host's cores to repack its weights, and only its part of the file is resident.</summary>
    private async Task LoadAsync(PlacementPlan plan)
    {
        await GrainFactory.GetVocabulary(Replica).LoadAsync(plan.Epoch);
        foreach (var layer in plan.Layers)
        {
            await GrainFactory.GetAttention(Replica, layer.Layer).LoadAsync(plan.Epoch);
            foreach (var group in layer.ExpertGroups)
                await GrainFactory.GetExpertGroup(layer.Layer, group.Group).LoadAsync(plan.Epoch);
        }
        await GrainFactory.GetCoordinator(Replica, stage: 0).LoadAsync(plan.Epoch);
        await GrainFactory.GetEngine(Replica).LoadAsync(plan.Epoch);
    }
}
