using System.Buffers;

namespace Llama4.Model;

/// <summary>
/// Keeps a prefix of the tokens ordered by a key downwards (the logit, for most) and id upwards, without ordering them: tokens are counted
/// into buckets, whole buckets stay or go, and only the bucket on the border is sorted.
/// </summary>
internal static class WeightCut
{
    /// <summary>16 for each halving of the order, down to 2^-64; smaller ones share the last.</summary>
    private const int Buckets = 1024;

    /// <summary>Sets the weights after the prefix to 0. The prefix ends at the first token that reaches either limit.</summary>
    /// <param name="keys">[vocab].</param>
    /// <param name="order">[vocab], from 0 to 1, growing with the key; may be the weights.</param>
    /// <param name="weights">[vocab]; 0 for what was dropped.</param>
    /// <param name="countMax">Tokens of the prefix.</param>
    /// <param name="share">Share of all weights that the prefix must reach.</param>
    /// <param name="countMin">Tokens that the prefix has at least, whatever their share.</param>
    public static void Keep(ReadOnlySpan<double> keys, ReadOnlySpan<double> order, Span<double> weights, int countMax, double share, int countMin = 1)
    {
        Span<int> counts = stackalloc int[Buckets];
        Span<double> masses = stackalloc double[Buckets];
        counts.Clear();
        masses.Clear();
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] > 0)
            {
                counts[BucketOf(order[id])]++;
                masses[BucketOf(order[id])] += weights[id];
            }
        }
        var massMin = share * Sum(masses);
        int count = 0, border = 0;
        var mass = 0.0;
        while (border < Buckets && count + (long)counts[border] < countMax && (mass + masses[border] < massMin || count + counts[border] < countMin))
        {
            count += counts[border];
            mass += masses[border];
            border++;
        }
        if (border == Buckets)
            return;

        var candidates = ArrayPool<Candidate>.Shared.Rent(Math.Max(1, counts[border]));
        var onBorder = candidates.AsSpan(0, counts[border]);
        CutBuckets(keys, order, weights, border, onBorder);
        // Ids come in their order already: when all logits are equal there is nothing to do.
        if (!IsSorted(onBorder))
            onBorder.Sort();
        foreach (var candidate in onBorder)
        {
            if (count < countMax && (mass < massMin || count < countMin))
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

    private static void CutBuckets(ReadOnlySpan<double> keys, ReadOnlySpan<double> order, Span<double> weights, int border, Span<Candidate> onBorder)
    {
        var found = 0;
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] <= 0)
                continue;
            var bucket = BucketOf(order[id]);
            if (bucket == border)
                onBorder[found++] = new Candidate(keys[id], id);
            else if (bucket > border)
                weights[id] = 0;
        }
    }

    /// <summary>Distance below 1 in exponent and the mantissa's first 4 bits: doubles order like their bits.</summary>
    private static int BucketOf(double order)
    {
        const long One = 0x3FF0_0000_0000_0000;
        return (int)Math.Min(Buckets - 1, (One - BitConverter.DoubleToInt64Bits(order)) >> 48);
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

    private readonly record struct Candidate(double Key, int Id) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            var byKey = other.Key.CompareTo(Key);
            return byKey != 0 ? byKey : Id.CompareTo(other.Id);
        }
    }
}
