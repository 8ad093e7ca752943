using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Llama4.Cluster.Placement;

/// <summary>Grains that hold weights or sequences live where the plan says, and nowhere else: the runtime's own balancing never moves them.</summary>
[GenerateSerializer, Immutable, Alias("llama4.PlanPlacement")]
internal sealed class PlanPlacement : PlacementStrategy
{
    public static readonly PlanPlacement Instance = new();
}

/// <summary>Marks a grain class as placed by the plan.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlanPlacementAttribute() : PlacementAttribute(PlanPlacement.Instance);

/// <summary>Finds the silo of the host that owns a grain.</summary>
internal sealed class PlanPlacementDirector(PlanBoard board, IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var grain = target.GrainIdentity;
        var owner = board.OwnerOf(grain.Type.ToString()!, KeyOf(grain));
        foreach (var silo in context.GetCompatibleSilos(target))
        {
            if (membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) && member.Name == owner.Name)
                return Task.FromResult(silo);
        }
        throw new OrleansException($"{grain} belongs to host {owner}, which is not an active member of the cluster");
    }

    /// <summary>Integer keys are not needed: such grains have one owner each.</summary>
    private static string KeyOf(GrainId grain) => grain.Key.ToString()!;
}
