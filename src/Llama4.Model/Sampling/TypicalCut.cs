using System.Buffers;

namespace Llama4.Model;

/// <summary>
/// Locally typical sampling (Meister, Pimentel, Wiher, Cotterell: "Locally typical sampling", TACL 2023, arXiv 2202.00666): ids whose surprise is near the entropy stay. Those that are too
/// likely may go with those that are too unlikely.
/// </summary>
internal static class TypicalCut
{
    /// <summary>Keeps the shortest prefix, by distance from the entropy upwards and id upwards, that has this share of the weights.</summary>
    /// <param name="logits">[vocab].</param>
    /// <param name="weights">[vocab], exp of logit by temperature but for a factor; 0 for what was dropped.</param>
    /// <param name="countMin">Least ids of the prefix.</param>
    public static void Keep(ReadOnlySpan<double> logits, Span<double> weights, double temperature, double share, int countMin)
    {
        var padded = (logits.Length + Exponentials.Lanes - 1) / Exponentials.Lanes * Exponentials.Lanes;
        var (nearness, order) = (ArrayPool<double>.Shared.Rent(padded), ArrayPool<double>.Shared.Rent(padded));
        nearness.AsSpan(0, padded).Fill(double.NegativeInfinity);
        // −ln p − entropy is mean − logit / temperature: ln of the weights' sum is in both.
        var mean = Mean(logits, weights, temperature, out var greatest);
        for (var id = 0; id < logits.Length; id++)
        {
            if (weights[id] > 0)
                nearness[id] = -Math.Abs(Below(logits[id], greatest, temperature) - mean);
        }
        Exponentials.Fill(nearness.AsSpan(0, padded), 0, 1, order);
        WeightCut.Keep(nearness.AsSpan(0, logits.Length), order.AsSpan(0, logits.Length), weights, int.MaxValue, share, countMin);
        ArrayPool<double>.Shared.Return(nearness);
        ArrayPool<double>.Shared.Return(order);
    }

    private static double Mean(ReadOnlySpan<double> logits, ReadOnlySpan<double> weights, double temperature, out double greatest)
    {
        greatest = logits[GreatestLogit.IdOf(logits)];
        var (sum, total) = (0.0, 0.0);
        for (var id = 0; id < logits.Length; id++)
        {
            if (weights[id] <= 0)
                continue;
            sum += weights[id] * Below(logits[id], greatest, temperature);
            total += weights[id];
        }
        return sum / total;
    }

    /// <summary>0 where both are infinite, and where the temperature is 0.</summary>
    private static double Below(double logit, double greatest, double temperature) => logit < greatest ? (logit - greatest) / temperature : 0;
}
