namespace Llama4.Model;

/// <summary>
/// Top-nσ (Tang, Liu, Xu, Huang, Wu: "Top-nσ: not all logits are you need", 2024, arXiv 2411.07641): logits are noise around their mean and some that stand out of it. Whatever the
/// temperature, the same ids stay.
/// </summary>
internal static class SigmaCut
{
    /// <summary>Drops what is more than <paramref name="sigmas"/> standard deviations below the greatest. Mean and deviation are of the logits above -infinity.</summary>
    /// <param name="logits">[vocab].</param>
    public static void Apply(Span<double> logits, double sigmas)
    {
        var (greatest, sum, count) = (double.NegativeInfinity, 0.0, 0);
        foreach (var logit in logits)
        {
            if (!(logit > double.NegativeInfinity))
                continue;
            greatest = Math.Max(greatest, logit);
            sum += logit;
            count++;
        }
        var mean = sum / count;
        var squares = 0.0;
        foreach (var logit in logits)
        {
            if (logit > double.NegativeInfinity)
                squares += (logit - mean) * (logit - mean);
        }
        // Not a number where a logit is infinite: then nothing is below.
        var least = greatest - sigmas * Math.Sqrt(squares / count);
        foreach (ref var logit in logits)
        {
            if (logit < least)
                logit = double.NegativeInfinity;
        }
    }
}
