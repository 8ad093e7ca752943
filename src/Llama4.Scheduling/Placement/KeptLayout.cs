using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// The start of a plan that follows another: what the hosts that are still there own stays with them; a host that is gone leaves gaps.
/// Attention that lost its host goes to one other for each stage: to one that has its weights loaded, else to a host without attention where
/// there is one, to a newcomer last. Keys and values are lost with a host, so nothing else of attention moves.
/// </summary>
internal static class KeptLayout
{
    /// <returns>A layout without gaps in attention but in experts; null where the earlier plan is of another shape or attention finds no room.</returns>
    public static PlanLayout? From(PlacementPlan previous, PlacementRequest request, HostCapacity[] hosts)
    {
        var shape = request.Shape;
        if (previous.Replicas.Length != request.Replicas || previous.Layers.Length != shape.Layers.Count
            || previous.Layers.Where((layer, i) => layer.ExpertGroups.Sum(group => group.Count) != shape.Layers[i].Experts).Any())
        {
            return null;
        }

        var layout = new PlanLayout(request, hosts);
        var index = hosts.Select((host, i) => (host.Host, i)).ToDictionary(host => host.Host, host => host.i);
        int Find(HostId id, HostRoles role) => index.TryGetValue(id, out var i) && hosts[i].May(role) ? i : PlanLayout.None;

        KeepVocabularies(layout, previous, Find);
        KeepAttention(layout, previous, Find);
        KeepExperts(layout, previous, Find);
        if (!FillAttention(layout, previous))
        {
            return null;
        }

        for (var replica = 0; replica < request.Replicas; replica++)
        {
            if (layout.Vocabulary[replica] == PlanLayout.None)
            {
                StagePlanner.PlaceVocabulary(layout, replica, layout.Attention[replica][0]);
            }

            if (layout.Engine[replica] == PlanLayout.None)
            {
                StagePlanner.PlaceEngine(layout, replica);
            }
        }

        for (var host = 0; host < hosts.Length; host++)
        {
            Evict(layout, host);
        }

        return layout;
    }

    private static void KeepVocabularies(PlanLayout layout, PlacementPlan previous, Func<HostId, HostRoles, int> find)
    {
        for (var replica = 0; replica < previous.Replicas.Length; replica++)
        {
            layout.Engine[replica] = find(previous.Replicas[replica].Engine, HostRoles.Engine);
            if (find(previous.Replicas[replica].Vocabulary, HostRoles.Vocabulary) is var host and not PlanLayout.None)
            {
                layout.GiveVocabulary(replica, host);
            }
        }
    }

    private static void KeepAttention(PlanLayout layout, PlacementPlan previous, Func<HostId, HostRoles, int> find)
    {
        for (var replica = 0; replica < previous.Replicas.Length; replica++)
        {
            for (var layer = 0; layer < previous.Layers.Length; layer++)
            {
                if (find(previous.Replicas[replica].StageOf(layer).Host, HostRoles.Attention) is var host and not PlanLayout.None)
                {
                    layout.GiveAttention(replica, layer, host);
                }
            }
        }
    }

    private static void KeepExperts(PlanLayout layout, PlacementPlan previous, Func<HostId, HostRoles, int> find)
    {
        foreach (var layer in previous.Layers)
        {
            var ranges = layout.Experts[layer.Layer];
            ranges.Clear();
            foreach (var group in layer.ExpertGroups.OrderBy(group => group.First))
            {
                int[] standbys = [.. group.Standbys.Select(standby => find(standby, HostRoles.Experts)).Where(standby => standby != PlanLayout.None)];
                var host = find(group.Host, HostRoles.Experts);
                // A second range of a host, which plans in haste may have, is a gap otherwise: a host has one.
                var second = ranges.Any(range => range.Host == host && range.End != group.First);
                var owner = second && !layout.Request.InHaste ? PlanLayout.None : host;
                ranges.Add(new ExpertRange(group.First, group.Count, owner, owner == PlanLayout.None ? PlanLayout.None : group.Group) { Standbys = [.. standbys] });
                if (owner != PlanLayout.None)
                {
                    layout.GiveExperts(layer.Layer, group.Count, owner);
                }
            }

            // Groups of a layer that one host has alone stay as they are: so may their standbys. In haste all do.
            if (!layout.Request.InHaste && ranges.Any(range => range.Host != ranges[0].Host))
            {
                ExpertPlanner.Merge(ranges);
            }
        }
    }

    private static bool FillAttention(PlanLayout layout, PlacementPlan previous)
    {
        foreach (var (replica, owners) in layout.Attention.Index())
        {
            foreach (var stage in previous.Replicas[replica].Stages)
            {
                if (owners[stage.FirstLayer] == PlanLayout.None && !FillStage(layout, replica, stage, previous))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool FillStage(PlanLayout layout, int replica, StagePlacement stage, PlacementPlan previous)
    {
        var owners = layout.Attention[replica];
        var (first, end) = (stage.FirstLayer, stage.FirstLayer + stage.Layers);
        int[] layers = [.. Enumerable.Range(first, stage.Layers)];
        int[] neighbours = [first > 0 ? owners[first - 1] : PlanLayout.None, end < owners.Length ? owners[end] : PlanLayout.None];
        int[] hosts = [.. StagePlanner.Ranked(layout.Hosts)
            .Where(host => Lacking(host) <= layout.ExpertBytes[host])
            .OrderBy(host => layers.Where(layer => !layout.Loaded[host].Layers.Contains(layer)).Sum(layout.Parts.AttentionWeights))
            .ThenBy(host => previous.Hosts.Length > 0 && !previous.Hosts.Contains(layout.Hosts[host].Host))
            .ThenBy(host => owners.Contains(host) && !neighbours.Contains(host))
            .ThenBy(host => Math.Max(0, Lacking(host)))
            .ThenBy(host => layout.AttentionReads[host] / layout.Hosts[host].Speed.ReadBytesPerS)];
        foreach (var layer in hosts.Length > 0 ? layers : [])
        {
            layout.GiveAttention(replica, layer, hosts[0]);
        }

        return hosts.Length > 0;

        // Its experts can go elsewhere.
        long Lacking(int host) => layout.AttentionNeeds(host, layers, asStandby: false) - layout.Room(host);
    }

    /// <summary>Experts of a host that has to hold more than it can become gaps, from the first layer on.</summary>
    private static void Evict(PlanLayout layout, int host)
    {
        for (var layer = 0; layer < layout.Experts.Length && layout.Room(host) < 0; layer++)
        {
            foreach (var range in layout.Experts[layer].Where(range => range.Host == host))
            {
                layout.TakeExperts(layer, range.Count, host);
                (range.Host, range.Group) = (PlanLayout.None, PlanLayout.None);
            }
        }
    }
}
