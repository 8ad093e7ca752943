using Llama4.Client.Transport;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>The hosts that membership has not declared dead, as one host knows them.</summary>
internal interface IMembers
{
    /// <summary>By name; every host has them in the same order.</summary>
    HostId[] Active { get; }

    /// <summary>
    /// A host answers again: connections with it that are older than that are given up. What was sent on them while its link was cut waits for the
    /// network's own patience, which doubles with each attempt, and new ones work at once.
    /// </summary>
    /// <param name="silent">For so long it did not answer.</param>
    void Renew(HostId host, TimeSpan silent);
}

/// <summary>Orleans' own membership.</summary>
internal sealed class SiloMembers(IClusterMembershipService membership, Shunned connections) : IMembers
{
    public HostId[] Active =>
        [.. membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => new HostId(member.Name))
            .OrderBy(id => id.Name, StringComparer.Ordinal)];

    public void Renew(HostId host, TimeSpan silent)
    {
        foreach (var member in membership.CurrentSnapshot.Members.Values.Where(member => member.Name == host.Name))
            connections.GiveUp(member.SiloAddress.Endpoint, silent);
    }
}
