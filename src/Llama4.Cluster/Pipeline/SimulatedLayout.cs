using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Pipeline;

/// <summary>What simulated hosts declare to the planner, and the plan that it makes of it.</summary>
internal static class SimulatedLayout
{
    /// <summary>More than any part of any model: what is not to be scarce.</summary>
    private const long Plenty = 1L << 50;

    public static PlacementPlan Plan(SimulatedHostsOptions options, Llama4Config config, KvSizes kv, HostId[] hosts)
    {
        var work = new PlanWork(options.Context, options.Sequences, KvPositions.Of(kv)) { RowsMax = Math.Max(512, options.Sequences) };
        if (options.Capacity is { } capacity)
            return PlanOver([.. hosts.Select(host => new HostCapacity(host, capacity.Bytes) { Speed = capacity.Speed })]);
        if (hosts.Length == 1)
            return PlanOver([new HostCapacity(hosts[0], Plenty)]);
        var stages = SimulatedHostsOptions.StagesOf(hosts.Length);

        // The least memory that the attention fits into makes the planner use every host that is for it, each for as many layers.
        var (low, high) = (0L, Plenty);
        var best = PlanOver(Apart(high));
        while (best.Replicas[0].Stages.Length < stages && high - low > 1 << 20)
        {
            var bytes = low + ((high - low) / 2);
            if (Try(bytes) is { } plan)
                (best, high) = (plan, bytes);
            else
                low = bytes;
        }
        return best;

        PlacementPlan PlanOver(HostCapacity[] capacities) =>
            PlacementPlanner.Plan(new PlacementRequest(ModelShapes.Of(config, Compute.DType.BF16), capacities, work, Epoch: 1));

        PlacementPlan? Try(long bytes)
        {
            try
            {
                return PlanOver(Apart(bytes));
            }
            catch (PlacementException)
            {
                return null; // too little: the search goes on above
            }
        }

        // With several stages the vocabulary is elsewhere: on the first of them it would take the place of many layers.
        HostCapacity[] Apart(long attentionBytes) =>
        [
            .. hosts.Select((host, i) => i < stages
                ? new HostCapacity(host, attentionBytes) { Roles = HostRoles.Attention | HostRoles.Engine | (stages == 1 ? HostRoles.Vocabulary : 0) }
                : new HostCapacity(host, Plenty) { Roles = HostRoles.Experts | (i == stages && stages > 1 ? HostRoles.Vocabulary : 0) }),
        ];
    }
}
