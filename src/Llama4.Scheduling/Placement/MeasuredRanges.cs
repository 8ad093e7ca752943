namespace Llama4.Scheduling;

/// <summary>
/// Moves the boundaries between a layer's ranges so that no host has more to do for its share than measured rows make it: an expert at a time, from a
/// range to its neighbour, as long as that makes the busier of the two less busy. What moves must be loaded.
/// </summary>
internal static class MeasuredRanges
{
    /// <param name="shares">[host] of the work, in any unit.</param>
    public static void Even(PlanLayout layout, int layer, double[] shares)
    {
        var ranges = layout.Experts[layer];
        if (layout.Request.Rates!.Of(layer, 0, layout.Request.Shape.Layers[layer].Experts) <= 0)
        {
            return;
        }

        // After a move both loads are below what the greater was, so it ends; a bound says so without a proof.
        for (var moves = layout.Request.Shape.Layers[layer].Experts * ranges.Count; moves > 0; moves--)
        {
            var moved = false;
            for (var i = 1; i < ranges.Count; i++)
            {
                moved |= Move(layout, layer, ranges[i - 1], ranges[i], fromLeft: true, shares)
                    || Move(layout, layer, ranges[i - 1], ranges[i], fromLeft: false, shares);
            }

            if (!moved)
            {
                return;
            }
        }
    }

    private static bool Move(PlanLayout layout, int layer, ExpertRange left, ExpertRange right, bool fromLeft, double[] shares)
    {
        var (giver, taker) = fromLeft ? (left, right) : (right, left);
        if (giver.Host == taker.Host || giver.Count < 2 || shares[taker.Host] <= 0 || layout.Room(taker.Host) - layout.ExpertBuffersOf(taker.Host) < layout.Parts.Experts(layer, 1))
        {
            return false;
        }

        var after = Load(layout, layer, taker) + Work(layout, layer, fromLeft ? left.End - 1 : right.First);
        if (shares[giver.Host] > 0 && after / shares[taker.Host] >= Load(layout, layer, giver) / shares[giver.Host])
        {
            return false;
        }

        layout.TakeExperts(layer, 1, giver.Host);
        layout.GiveExperts(layer, 1, taker.Host);
        (left.Count, right.First, right.Count) = fromLeft ? (left.Count - 1, right.First - 1, right.Count + 1) : (left.Count + 1, right.First + 1, right.Count - 1);
        return true;
    }

    private static double Load(PlanLayout layout, int layer, ExpertRange range)
    {
        var sum = 0.0;
        for (var expert = range.First; expert < range.End; expert++)
        {
            sum += Work(layout, layer, expert);
        }

        return sum;
    }

    /// <summary>Of a hot expert's work its owner has half.</summary>
    private static double Work(PlanLayout layout, int layer, int expert) =>
        layout.Work!.Of(layer, expert) / (layout.Request.Hot.Contains(new ExpertOfLayer(layer, expert)) ? 2 : 1);
}
