namespace Llama4.Scheduling;

/// <summary>
/// Gives experts without an owner to hosts, each layer's in one range a host. What has an owner stays, but for what a host that is new
/// takes from those that have more than their share.
/// </summary>
/// <param name="hosts">That may own experts.</param>
/// <param name="newcomers">Those of them that the plan in force does not know.</param>
/// <param name="byRows">Ranges follow what was measured, whoever has what loaded.</param>
internal sealed partial class ExpertPlanner(PlanLayout layout, IReadOnlyCollection<int> hosts, IReadOnlyCollection<int> newcomers, bool byRows)
{
    private readonly double[] _shares = ExpertShares.Of(layout, hosts);
    private double _total;

    public void Place()
    {
        _total = _shares.Sum();
        for (var layer = 0; layer < layout.Experts.Length; layer++)
        {
            if (layout.Request.Shape.Layers[layer].Experts > 0)
            {
                FillGaps(layer);
            }
        }

        foreach (var host in newcomers)
        {
            TakeShare(host);
        }

        for (var layer = 0; layer < layout.Experts.Length && byRows && layout.Work is not null; layer++)
        {
            MeasuredRanges.Even(layout, layer, _shares);
        }

        for (var layer = 0; layer < layout.Experts.Length; layer++)
        {
            SplitOnOneHost(layer);
            GroupNumbers.Assign(layout.Experts[layer]);
        }
    }

    /// <summary>Ranges without a host go to their neighbours, who then own more in one range, and to hosts that own nothing of the layer.</summary>
    private void FillGaps(int layer)
    {
        var ranks = LayerOrder.Ranks(layout.Hosts, layer);
        for (var i = 0; i < layout.Experts[layer].Count; i++)
        {
            var gap = layout.Experts[layer][i];
            if (gap.Host != PlanLayout.None)
            {
                continue;
            }

            layout.Experts[layer].RemoveAt(i);
            var filled = Divide(layer, gap, Neighbour(layer, i - 1), Neighbour(layer, i), ranks);
            layout.Experts[layer].InsertRange(i, filled);
            i += filled.Count - 1;
        }

        // In haste ranges stay apart, each with the standbys that it still has.
        if (!layout.Request.InHaste && layout.Experts[layer].Any(range => range.Host != layout.Experts[layer][0].Host))
        {
            Merge(layout.Experts[layer]);
        }
    }

    private ExpertRange? Neighbour(int layer, int index) =>
        index >= 0 && index < layout.Experts[layer].Count && layout.Experts[layer][index] is { Host: not PlanLayout.None } range ? range : null;

    private List<ExpertRange> Divide(int layer, ExpertRange gap, ExpertRange? left, ExpertRange? right, int[] ranks)
    {
        var absent = hosts.Where(host => layout.Experts[layer].All(range => range.Host != host));
        int[] takers = [.. absent.Append(left?.Host ?? PlanLayout.None).Append(right?.Host ?? PlanLayout.None)
            .Where(hosts.Contains).Distinct().OrderBy(host => ranks[host])];
        if (takers.Length == 0)
        {
            // Neighbours that may own no more: any host that may, even in a second range.
            takers = [.. hosts.OrderBy(host => ranks[host])];
        }

        // In haste even in a second range: two messages to a host cost less than loading.
        int[] ready = layout.Request.InHaste ? [.. hosts] : takers;
        if (gap.Standbys.FirstOrDefault(host => ready.Contains(host) && HasRoom(host, layer, gap.Count), PlanLayout.None) is var standby and not PlanLayout.None)
        {
            layout.GiveExperts(layer, gap.Count, standby); // it has them loaded
            return [new ExpertRange(gap.First, gap.Count, standby) { Standbys = [.. gap.Standbys.Where(other => other != standby)] }];
        }

        var (has, counts) = (new int[layout.Hosts.Length], new int[layout.Hosts.Length]);
        foreach (var range in layout.Experts[layer].Where(range => range.Host != PlanLayout.None))
        {
            has[range.Host] += range.Count;
        }

        for (var i = 0; i < gap.Count; i++)
        {
            var taker = Next(layer, takers, has);
            layout.GiveExperts(layer, 1, taker);
            has[taker]++;
            counts[taker]++;
        }

        var first = gap.First;
        var filled = new List<ExpertRange>();
        foreach (var host in takers.OrderBy(host => host == left?.Host ? 0 : host == right?.Host ? 2 : 1).Where(host => counts[host] > 0))
        {
            filled.Add(new ExpertRange(first, counts[host], host) { Standbys = [.. gap.Standbys.Where(other => other != host)] });
            first += counts[host];
        }

        return filled;
    }

    /// <summary>
    /// Of the hosts with room the one that then has the least of its share (D'Hondt's method), but first those that have less of this layer than
    /// their share of it, rounded down, then rounded up: a layer takes as long as the host with most of it. Without any room, the least overfull.
    /// </summary>
    /// <param name="has">Experts of the layer that each host has.</param>
    private int Next(int layer, int[] takers, int[] has)
    {
        var best = takers[0];
        foreach (var host in takers)
        {
            best = Compare(host, best) < 0 ? host : best;
        }

        return best;

        int Compare(int a, int b)
        {
            var (fits, other) = (HasRoom(a, layer, 1), HasRoom(b, layer, 1));
            return fits != other ? (fits ? -1 : 1)
                : Turn(a) != Turn(b) ? Turn(a).CompareTo(Turn(b))
                : Fullness(a, layer, 1).CompareTo(Fullness(b, layer, 1));
        }

        int Turn(int host)
        {
            var share = layout.Request.Shape.Layers[layer].Experts * (_shares[host] / _total);
            return has[host] < Math.Floor(share) ? 0 : has[host] < Math.Ceiling(share) ? 1 : 2;
        }
    }

    private bool HasRoom(int host, int layer, int count) =>
        layout.Room(host) - layout.ExpertBuffersOf(host) >= layout.Parts.Experts(layer, count);

    /// <summary>What a host has of its share, with this many more experts of the layer.</summary>
    private double Fullness(int host, int layer, int more) =>
        _shares[host] > 0 ? (layout.ExpertBytes[host] + layout.Parts.Experts(layer, more)) / _shares[host] : double.MaxValue;

    /// <summary>Ranges of one host side by side become one; of standbys it keeps those of all.</summary>
    public static void Merge(List<ExpertRange> ranges)
    {
        for (var i = ranges.Count - 1; i > 0; i--)
        {
            var (left, right) = (ranges[i - 1], ranges[i]);
            if (left.Host != right.Host)
            {
                continue;
            }

            left.Count += right.Count;
            left.Group = left.Group == PlanLayout.None ? right.Group : left.Group;
            left.Standbys = [.. left.Standbys.Intersect(right.Standbys)];
            ranges.RemoveAt(i);
        }
    }

    private void SplitOnOneHost(int layer)
    {
        var ranges = layout.Experts[layer];
        var groups = Math.Min(layout.Request.GroupsOnOneHost, layout.Request.Shape.Layers[layer].Experts);
        int[] firsts = [.. Enumerable.Range(0, groups).Select(group => (int)((long)layout.Request.Shape.Layers[layer].Experts * group / groups))];
        if (layout.Request.InHaste || ranges.Any(range => range.Host != ranges[0].Host) || ranges.Select(range => range.First).SequenceEqual(firsts))
        {
            return;
        }

        Merge(ranges);
        var all = ranges[0];
        ranges.Clear();
        for (var group = 0; group < groups; group++)
        {
            var end = group + 1 < groups ? firsts[group + 1] : all.Count;
            ranges.Add(new ExpertRange(firsts[group], end - firsts[group], all.Host, group) { Standbys = [.. all.Standbys] });
        }
    }
}
