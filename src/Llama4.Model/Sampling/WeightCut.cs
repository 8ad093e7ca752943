using System.Buffers;

namespace Llama4.Model;

/// <summary>
/// Keeps a prefix of the tokens ordered by logit downwards and id upwards, without ordering them: weights are counted
/// into buckets, whole buckets stay or go, and only the bucket on the border is sorted.
/// </summary>
internal static class WeightCut
{
    /// <summary>16 for each halving of the weight, down to 2^-64; smaller ones share the last.</summary>
    private const int Buckets = 1024;

    /// <summary>Sets the weights after the prefix to 0. The prefix ends at the first token that reaches either limit.</summary>
    /// <param name="weights">1 at most; growing with the logit.</param>
    /// <param name="countMax">Tokens of the prefix.</param>
    /// <param name="share">Share of all weights that the prefix must reach.</param>
    public static void Keep(ReadOnlySpan<double> logits, Span<double> weights, int countMax, double share)
    {
        Span<int> counts = stackalloc int[Buckets];
        Span<double> masses = stackalloc double[Buckets];
        counts.Clear();
        masses.Clear();
        foreach (var weight in weights)
        {
            if (weight > 0)
            {
                counts[BucketOf(weight)]++;
                masses[BucketOf(weight)] += weight;
            }
        }
        var massMin = share * Sum(masses);
        int count = 0, border = 0;
        var mass = 0.0;
        while (border < Buckets && count + (long)counts[border] < countMax && mass + masses[border] < massMin)
        {
            count += counts[border];
            mass += masses[border];
            border++;
        }
        if (border == Buckets)
            return;

        var candidates = ArrayPool<Candidate>.Shared.Rent(Math.Max(1, counts[border]));
        var onBorder = candidates.AsSpan(0, counts[border]);
        CutBuckets(logits, weights, border, onBorder);
        // Ids come in their order already: when all logits are equal there is nothing to do.
        if (!IsSorted(onBorder))
            onBorder.Sort();
        foreach (var candidate in onBorder)
        {
            if (count < countMax && (mass < massMin || count == 0))
            {
                count++;
                mass += weights[candidate.Id];
            }
            else
            {
                weights[candidate.Id] = 0;
            }
        }
        ArrayPool<Candidate>.Shared.Return(candidates);
    }

    private static void CutBuckets(ReadOnlySpan<double> logits, Span<double> weights, int border, Span<Candidate> onBorder)
    {
        var found = 0;
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] <= 0)
                continue;
            var bucket = BucketOf(weights[id]);
            if (bucket == border)
                onBorder[found++] = new Candidate(logits[id], id);
            else if (bucket > border)
                weights[id] = 0;
        }
    }

    /// <summary>Distance below 1 in exponent and the mantissa's first 4 bits: doubles order like their bits.</summary>
    private static int BucketOf(double weight)
    {
        const long One = 0x3FF0_0000_0000_0000;
        return (int)Math.Min(Buckets - 1, (One - BitConverter.DoubleToInt64Bits(weight)) >> 48);
    }

    private static double Sum(ReadOnlySpan<double> masses)
    {
        var sum = 0.0;
        foreach (var mass in masses)
            sum += mass;
        return sum;
    }

    private static bool IsSorted(ReadOnlySpan<Candidate> candidates)
    {
        for (var i = 1; i < candidates.Length; i++)
        {
            if (candidates[i - 1].CompareTo(candidates[i]) > 0)
                return false;
        }
        return true;
    }

    private readonly record struct Candidate(double Logit, int Id) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            var byLogit = other.Logit.CompareTo(Logit);
            return byLogit != 0 ? byLogit : Id.CompareTo(other.Id);
        }
    }
}
