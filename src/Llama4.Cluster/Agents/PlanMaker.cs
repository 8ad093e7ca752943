using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Agents;

/// <summary>Plans for the model and the work of this cluster.</summary>
internal sealed class PlanMaker(HostAgentOptions options, ModelShape shape, PlanWork work)
{
    /// <summary>[layers] of the model.</summary>
    public int[] Experts { get; } = [.. shape.Layers.Select(layer => layer.Experts)];

    /// <summary>Standbys are a wish: as many as there is room for.</summary>
    /// <param name="previous">Whose owners stay where they are as far as that is well; null for nobody's.</param>
    /// <param name="inHaste">Everybody waits for it.</param>
    /// <exception cref="PlacementException">Not even without any standby, or nobody is left.</exception>
    public PlacementPlan Make(long epoch, PlacementPlan? previous, HostDescription[] candidates, MeasuredLoad load, bool inHaste)
    {
        if (candidates.Length == 0)
            throw new PlacementException("no host may be given anything: those that answer leave", []);
        HostCapacity[] hosts = [.. candidates.Select(candidate => candidate.Capacity)];
        var owners = hosts.Count(one => one.May(HostRoles.Experts));
        for (var standbys = Math.Min(options.Standbys, Math.Max(0, owners - 1)); ; standbys--)
        {
            try
            {
                return PlacementPlanner.Plan(new PlacementRequest(shape, hosts, work, epoch)
                {
                    GroupsOnOneHost = options.ExpertGroups,
                    Replicas = options.Replicas,
                    Standbys = standbys,
                    Previous = previous,
                    InHaste = inHaste,
                    Hot = load.Hot,
                    Rates = load.Rates,
                    MovesRanges = load.MovesRanges,
                });
            }
            catch (PlacementException) when (standbys > 0)
            {
                // With fewer, then.
            }
        }
    }
}

/// <summary>What a plan is to do justice to.</summary>
/// <param name="Hot">Experts that want a second owner, those with most rows first.</param>
/// <param name="MovesRanges">Ranges are to follow the rates.</param>
internal sealed record MeasuredLoad(IReadOnlyCollection<ExpertOfLayer> Hot, ExpertRates Rates, bool MovesRanges);
