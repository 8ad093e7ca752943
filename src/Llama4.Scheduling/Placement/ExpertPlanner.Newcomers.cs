namespace Llama4.Scheduling;

/// <summary>What hosts that the plan in force does not know take from the others.</summary>
internal sealed partial class ExpertPlanner
{
    /// <summary>
    /// A host with less than its share takes experts between two neighbours in layers of which it owns nothing, evenly over those layers.
    /// Only experts that move to it move at all.
    /// </summary>
    private void TakeShare(int host)
    {
        int[] layers = [.. Enumerable.Range(0, layout.Experts.Length)
            .Where(layer => layout.Experts[layer].Count > 0 && layout.Experts[layer].All(range => range.Host != host))];
        if (layers.Length == 0)
        {
            return;
        }

        var missing = _shares[host] - layout.ExpertBytes[host];
        var taken = 0.0;
        for (var i = 0; i < layers.Length; i++)
        {
            var bytes = layout.Parts.Experts(layers[i], 1);
            var wanted = (int)Math.Round(((missing * (i + 1) / layers.Length) - taken) / bytes);
            var room = (layout.Room(host) - layout.ExpertBuffersOf(host)) / bytes;
            var count = (int)Math.Min(wanted, room);
            if (count > 0)
            {
                taken += bytes * (double)Carve(layers[i], count, host);
            }
        }
    }

    /// <summary>Takes up to so many experts around the boundary where the neighbours have most to spare.</summary>
    /// <returns>How many were taken.</returns>
    private int Carve(int layer, int wanted, int host)
    {
        var ranges = layout.Experts[layer];
        Merge(ranges);
        var (best, bestLeft, bestRight, bestFullness) = (0, 0, 0, 0.0);
        for (var i = 0; i <= ranges.Count; i++)
        {
            var (left, right) = (i > 0 ? ranges[i - 1] : null, i < ranges.Count ? ranges[i] : null);
            var (fromLeft, fromRight) = Spare(layer, left, right, wanted, host);
            var fullness = Of(left) + Of(right);
            if (fromLeft + fromRight > bestLeft + bestRight || (fromLeft + fromRight == bestLeft + bestRight && fullness > bestFullness))
            {
                (best, bestLeft, bestRight, bestFullness) = (i, fromLeft, fromRight, fullness);
            }
        }

        double Of(ExpertRange? range) => range is null ? 0 : Math.Min(Fullness(range.Host, layer, 0), 1e6);

        var count = bestLeft + bestRight;
        if (count == 0)
        {
            return 0;
        }

        var first = best > 0 ? ranges[best - 1].End - bestLeft : 0;
        if (bestLeft > 0)
        {
            layout.TakeExperts(layer, bestLeft, ranges[best - 1].Host);
            ranges[best - 1].Count -= bestLeft;
        }

        if (bestRight > 0)
        {
            layout.TakeExperts(layer, bestRight, ranges[best].Host);
            ranges[best].First += bestRight;
            ranges[best].Count -= bestRight;
        }

        layout.GiveExperts(layer, count, host);
        ranges.Insert(best, new ExpertRange(first, count, host));
        ranges.RemoveAll(range => range.Count == 0);
        return count;
    }

    /// <summary>How many experts two neighbours can give at their boundary while each has more of its share than the taker then has.</summary>
    private (int Left, int Right) Spare(int layer, ExpertRange? left, ExpertRange? right, int wanted, int taker)
    {
        var (fromLeft, fromRight) = (0, 0);
        while (fromLeft + fromRight < wanted)
        {
            var ofLeft = left is not null && fromLeft < left.Count ? Fullness(left.Host, layer, -fromLeft) : 0;
            var ofRight = right is not null && fromRight < right.Count ? Fullness(right.Host, layer, -fromRight) : 0;
            if (Math.Max(ofLeft, ofRight) <= Fullness(taker, layer, fromLeft + fromRight + 1))
            {
                break;
            }

            (fromLeft, fromRight) = ofLeft >= ofRight ? (fromLeft + 1, fromRight) : (fromLeft, fromRight + 1);
        }

        return (fromLeft, fromRight);
    }
}
