using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Gives each expert group its standbys: hosts other than its owner, in another zone where there is one, and beside it in the layer, so
/// that what they take over joins what they own to one range. Standbys stay, but for those that a newcomer takes from fuller hosts.
/// </summary>
internal static class StandbyPlanner
{
    /// <param name="newcomers">Hosts that the plan in force does not know.</param>
    public static void Place(PlanLayout layout, IReadOnlyCollection<int> newcomers)
    {
        int[] hosts = [.. Enumerable.Range(0, layout.Hosts.Length).Where(host => layout.Hosts[host].May(HostRoles.Experts))];
        var kept = Forget(layout);
        foreach (var (layer, range, standbys) in kept)
        {
            foreach (var before in standbys)
            {
                var host = newcomers.FirstOrDefault(newcomer => Relieves(layout, layer, range, before, newcomer), before);
                if (range.Standbys.Count < layout.Request.Standbys && host != range.Host && !range.Standbys.Contains(host) && HasRoom(layout, layer, range, host) && hosts.Contains(host))
                {
                    layout.GiveStandby(layer, range, host);
                }
            }
        }

        for (var layer = 0; layer < layout.Experts.Length && !layout.Request.InHaste; layer++)
        {
            var ranks = LayerOrder.Ranks(layout.Hosts, layer);
            for (var i = 0; i < layout.Experts[layer].Count; i++)
            {
                while (layout.Experts[layer][i].Standbys.Count < layout.Request.Standbys)
                {
                    layout.GiveStandby(layer, layout.Experts[layer][i], Choose(layout, layer, i, hosts, ranks));
                }
            }
        }
    }

    /// <summary>True where a newcomer, with the range, is still emptier than the standby it had.</summary>
    private static bool Relieves(PlanLayout layout, int layer, ExpertRange range, int before, int newcomer)
    {
        var zone = layout.Hosts[range.Host].Zone;
        return newcomer != range.Host && !range.Standbys.Contains(newcomer) && HasRoom(layout, layer, range, newcomer)
            && (layout.Hosts[newcomer].Zone != zone || layout.Hosts[before].Zone == zone)
            && Fullness(newcomer) < Fullness(before);

        double Fullness(int host) => (double)(layout.Used[host] + layout.Parts.Experts(layer, range.Count)) / layout.Hosts[host].Bytes;
    }

    /// <summary>The earlier plan's standbys, which become standbys again only where there is room.</summary>
    private static List<(int Layer, ExpertRange Range, List<int> Standbys)> Forget(PlanLayout layout)
    {
        var kept = new List<(int, ExpertRange, List<int>)>();
        for (var layer = 0; layer < layout.Experts.Length; layer++)
        {
            foreach (var range in layout.Experts[layer].Where(range => range.Standbys.Count > 0))
            {
                kept.Add((layer, range, range.Standbys));
                range.Standbys = [];
            }
        }

        return kept;
    }

    private static int Choose(PlanLayout layout, int layer, int index, int[] hosts, int[] ranks)
    {
        var ranges = layout.Experts[layer];
        var range = ranges[index];
        var left = index > 0 ? ranges[index - 1].Host : PlanLayout.None;
        var right = index + 1 < ranges.Count ? ranges[index + 1].Host : PlanLayout.None;
        return hosts.Where(host => host != range.Host && !range.Standbys.Contains(host))
            .OrderByDescending(host => HasRoom(layout, layer, range, host))
            .ThenBy(host => layout.Hosts[host].Zone == layout.Hosts[range.Host].Zone)
            .ThenBy(host => host != left && host != right)
            .ThenBy(host => (double)layout.Used[host] / layout.Hosts[host].Bytes)
            .ThenBy(host => ranks[host])
            .First();
    }

    private static bool HasRoom(PlanLayout layout, int layer, ExpertRange range, int host) =>
        layout.Room(host) - layout.ExpertBuffersOf(host) >= layout.Parts.Experts(layer, range.Count);
}
