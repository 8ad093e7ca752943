namespace Llama4.Model;

/// <summary>
/// A temperature that follows how undecided the model is (kalomaze's entropy-based sampling, as in llama.cpp): the least one where a single id has all the probability, the
/// greatest where all ids have the same.
/// </summary>
internal static class DynamicTemperature
{
    /// <param name="logits">[vocab].</param>
    /// <param name="weights">[vocab], exp(logit − greatest): of temperature 1.</param>
    /// <param name="total">Their sum.</param>
    /// <param name="least">Temperature at an entropy of 0.</param>
    /// <param name="most">Temperature at the greatest entropy that so many ids above -infinity can have.</param>
    /// <param name="exponent">Of the entropy as a share of the greatest.</param>
    public static double Of(ReadOnlySpan<double> logits, ReadOnlySpan<double> weights, double total, double least, double most, double exponent)
    {
        var greatest = logits[GreatestLogit.IdOf(logits)];
        var (mean, count) = (0.0, 0);
        for (var id = 0; id < logits.Length; id++)
        {
            if (logits[id] > double.NegativeInfinity)
                count++;
            if (weights[id] > 0 && logits[id] < greatest)
                mean += weights[id] * (logits[id] - greatest);
        }
        if (count < 2)
            return least;
        // −Σ p ln p with ln p = logit − greatest − ln total.
        var entropy = Logarithm.Of(total) - mean / total;
        return least + (most - least) * Power(Math.Clamp(entropy / Logarithm.Of(count), 0, 1), exponent);
    }

    private static double Power(double share, double exponent) => exponent == 0 ? 1 : share < 1e-300 ? 0 : Exponentials.Of(exponent * Logarithm.Of(share));
}
