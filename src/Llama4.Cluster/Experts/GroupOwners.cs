using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Experts;

/// <summary>An expert group of one layer and the hosts that may be asked, the first of them first.</summary>
internal sealed class GroupOwners
{
    private readonly HostId _self;
    private readonly PlanBoard _board;

    public GroupOwners(HostId self, PlanBoard board, IGrainFactory grains, int layer, ExpertGroupPlacement placement)
    {
        (_self, _board, Placement) = (self, board, placement);
        Hosts = [placement.Host, .. placement.Standbys];
        Grains = Array.ConvertAll(Hosts, host => grains.GetExpertGroup(layer, placement.Group, host));
    }

    public ExpertGroupPlacement Placement { get; }

    /// <summary>The owner, then its standbys.</summary>
    public HostId[] Hosts { get; }

    /// <summary>[Hosts] the group on each.</summary>
    public IExpertGroupGrain[] Grains { get; }

    /// <summary>The group on this host, where that is the one to ask; null where it is another.</summary>
    public IExpertGroupGrain? Here
    {
        get
        {
            for (var i = 0; i < Hosts.Length; i++)
            {
                if (Hosts[i] == _self)
                    return Grains[i];
                if (!_board.IsSuspected(Hosts[i]))
                    return null;
            }
            return null;
        }
    }

    public bool Has(int expert) => expert >= Placement.First && expert < Placement.First + Placement.Count;
}
