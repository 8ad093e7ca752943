using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>The hosts that membership has not declared dead, as one host knows them.</summary>
internal interface IMembers
{
    /// <summary>By name; every host has them in the same order.</summary>
    HostId[] Active { get; }
}

/// <summary>Orleans' own membership.</summary>
internal sealed class SiloMembers(IClusterMembershipService membership) : IMembers
{
    public HostId[] Active =>
        [.. membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => new HostId(member.Name))
            .OrderBy(id => id.Name, StringComparer.Ordinal)];
}
