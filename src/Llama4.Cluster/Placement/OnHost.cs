using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Llama4.Cluster.Placement;

/// <summary>Grains that hold weights or sequences live on the host that their key names, and nowhere else: the runtime's own balancing never moves them.</summary>
[GenerateSerializer, Immutable, Alias("llama4.OnHost")]
internal sealed class OnHost : PlacementStrategy
{
    public static readonly OnHost Instance = new();
}

/// <summary>Marks a grain class whose keys name their host. Goes with <see cref="HostDirectory"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnHostAttribute() : PlacementAttribute(OnHost.Instance);

/// <summary>Finds the silo of the host that a grain's key names.</summary>
internal sealed class OnHostDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var grain = target.GrainIdentity;
        // A hop's key is its host's name as it is; so is the host's own grain's.
        var key = grain.Key.ToString()!;
        var name = key.Contains('@') ? GrainNames.HostOf(key).Name : key;
        foreach (var (silo, member) in membership.CurrentSnapshot.Members)
        {
            if (member.Name == name
                && member.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping)
                return Task.FromResult(silo);
        }
        throw new OrleansException($"{grain} belongs to host {name}, which is not an active member of the cluster");
    }
}
