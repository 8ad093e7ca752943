using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Gives hot experts a second owner, as far as hosts have room when all else is placed: who was it before, then who has the expert loaded as a
/// standby, then who has the fewest rows to run for its speed. In haste only who has it loaded.
/// </summary>
internal static class SecondOwnerPlanner
{
    /// <param name="hosts">That may own experts; those chosen for attention alone are not asked to run some.</param>
    public static void Place(PlanLayout layout, IReadOnlyCollection<int> hosts)
    {
        if (layout.Request.Hot.Count == 0)
        {
            return;
        }

        var rows = RowsOf(layout);
        foreach (var hot in layout.Request.Hot.Where(hot => hot.Layer < layout.Experts.Length))
        {
            if (layout.Experts[hot.Layer].Find(range => range.First <= hot.Expert && hot.Expert < range.End) is { } range
                && range.Hot.All(other => other.Expert != hot.Expert)
                && Choose(layout, hosts, hot, range, rows) is { } host)
            {
                layout.GiveSecondOwner(hot.Layer, range, hot.Expert, host);
                var half = Rate(layout, hot.Layer, hot.Expert, 1) / 2;
                rows[host] += half;
                rows[range.Host] -= half;
            }
        }
    }

    private static int? Choose(PlanLayout layout, IReadOnlyCollection<int> hosts, ExpertOfLayer hot, ExpertRange range, double[] rows)
    {
        var before = Before(layout.Request.Previous, hot);
        return Enumerable.Range(0, layout.Hosts.Length)
            .Where(host => host != range.Host && (hosts.Contains(host) || range.Standbys.Contains(host)))
            .Where(host => range.Standbys.Contains(host)
                || layout.Room(host) - layout.ExpertBuffersOf(host) >= layout.SecondOwnerNeeds(hot.Layer, range, host))
            .Where(host => !layout.Request.InHaste || IsLoaded(host))
            .OrderByDescending(host => layout.Hosts[host].Host == before)
            .ThenByDescending(range.Standbys.Contains)
            .ThenBy(host => rows[host] / layout.Hosts[host].Speed.ReadBytesPerS)
            .ThenBy(host => (double)layout.Used[host] / layout.Hosts[host].Bytes)
            .ThenBy(host => host)
            .Select(host => (int?)host)
            .FirstOrDefault();

        bool IsLoaded(int host) => layout.Loaded[host].Experts.Contains((hot.Layer, hot.Expert));
    }

    private static HostId? Before(PlacementPlan? previous, ExpertOfLayer hot) =>
        previous?.Layers.ElementAtOrDefault(hot.Layer)?.ExpertGroups.SelectMany(group => group.Hot)
            .FirstOrDefault(before => before.Expert == hot.Expert)?.SecondOwner;

    /// <summary>[host] rows a second that it runs as owner; where nothing was measured, experts.</summary>
    private static double[] RowsOf(PlanLayout layout)
    {
        var rows = new double[layout.Hosts.Length];
        for (var layer = 0; layer < layout.Experts.Length; layer++)
        {
            foreach (var range in layout.Experts[layer])
            {
                rows[range.Host] += Rate(layout, layer, range.First, range.Count);
            }
        }

        return rows;
    }

    private static double Rate(PlanLayout layout, int layer, int first, int count) => layout.Request.Rates?.Of(layer, first, count) ?? count;
}
