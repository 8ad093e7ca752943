using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>Memory so scarce that the planner needs every host.</summary>
internal static class LeastMemory
{
    /// <summary>The least memory of each host with which there is a plan.</summary>
    public static long Of(ManyHostsOptions options) => Of(
        options.Model, options.Mode, ManyHosts.KvBytes, options.Bytes,
        bytes => [.. options.Roles.Select((roles, i) => new HostCapacity(new HostId($"host-{i}"), bytes) { Roles = roles })],
        request => request with { Replicas = options.Replicas, GroupsOnOneHost = options.Groups });

    /// <summary>The least bytes with which there is a plan.</summary>
    /// <param name="model">Directory of a checkpoint.</param>
    /// <param name="kvBytes">Of a replica, over all layers.</param>
    /// <param name="most">Bytes with which there is one.</param>
    /// <param name="hosts">With so many bytes where they are to be scarce.</param>
    /// <param name="asked">What else is asked of the plan.</param>
    public static long Of(
        string model, ComputeMode mode, long kvBytes, long most, Func<long, HostCapacity[]> hosts, Func<PlacementRequest, PlacementRequest> asked)
    {
        using var checkpoint = Checkpoint.Open(model);
        var limits = new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions };
        var kv = KvPlan.Sizes(KvPlan.Needs(checkpoint.Config, mode, limits), kvBytes);
        var work = new PlanWork(limits.ContextMax, limits.SequencesMax, KvPositions.Of(kv)) { RowsMax = limits.TokensPerStepMax };
        var shape = ModelShapes.Of(checkpoint.Config, mode.Activations());
        long low = 0, high = most;
        while (high - low > 1)
        {
            var bytes = (low + high) / 2;
            (low, high) = IsEnough(bytes) ? (low, bytes) : (bytes, high);
        }
        return high;

        bool IsEnough(long bytes)
        {
            try
            {
                PlacementPlanner.Plan(asked(new PlacementRequest(shape, hosts(bytes), work, Epoch: 1)));
                return true;
            }
            catch (PlacementException)
            {
                return false; // too little: the search goes on above
            }
        }
    }
}
