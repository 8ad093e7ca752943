using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Experts;

/// <summary>An expert group of one layer, or one hot expert of it, and the hosts that may be asked, the first of them first.</summary>
internal sealed class GroupOwners
{
    private readonly HostId _self;
    private readonly PlanBoard _board;

    private GroupOwners(HostId self, PlanBoard board, IGrainFactory grains, int layer, ExpertGroupPlacement placement, int? hot, HostId[] hosts)
    {
        (_self, _board, Placement, Hot, Hosts) = (self, board, placement, hot, hosts);
        Grains = Array.ConvertAll(Hosts, host => grains.GetExpertGroup(layer, placement.Group, host));
    }

    public ExpertGroupPlacement Placement { get; }

    /// <summary>The only expert that the first of the hosts is asked for; null for the whole group.</summary>
    public int? Hot { get; }

    /// <summary>The owner, then its standbys; of a hot expert the second owner first.</summary>
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

    /// <summary>A layer's groups in their order, then its hot experts' second owners.</summary>
    public static GroupOwners[] Of(LayerPlacement layer, HostId self, PlanBoard board, IGrainFactory grains)
    {
        var groups = layer.ExpertGroups.Select(group => Of(group, null, [group.Host, .. group.Standbys]));
        var hot = layer.ExpertGroups.SelectMany(group => group.Hot.Select(hot =>
            Of(group, hot.Expert, [hot.SecondOwner, group.Host, .. group.Standbys.Where(standby => standby != hot.SecondOwner)])));
        return [.. groups, .. hot];

        GroupOwners Of(ExpertGroupPlacement group, int? hot, HostId[] hosts) => new(self, board, grains, layer.Layer, group, hot, hosts);
    }
}
