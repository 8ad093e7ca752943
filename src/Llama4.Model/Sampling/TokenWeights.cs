using System.Buffers;

namespace Llama4.Model;

/// <summary>
/// The weight of every token, 1 for the greatest logit; 0 means that it cannot be drawn (steps 8 to 14). Cuts set
/// weights to 0 in place, and tokens are drawn in id order, so nothing but a cut's border is ever sorted.
/// Pooled; one owner disposes.
/// </summary>
internal readonly struct TokenWeights : IDisposable
{
    /// <summary>Tokens of a run whose weights are summed first: the drawn run is then searched one by one.</summary>
    private const int Run = 512;

    private readonly AdjustedLogits _logits;
    private readonly double[] _weights;

    private readonly double _temperature;

    private TokenWeights(AdjustedLogits logits, double[] weights, double temperature)
    {
        _logits = logits;
        _weights = weights;
        _temperature = temperature;
    }

    private Span<double> Weights => _weights.AsSpan(0, _logits.Count);

    /// <summary>Step 8. Takes over <paramref name="logits"/>.</summary>
    /// <param name="temperature">Above 0.</param>
    public static TokenWeights Of(AdjustedLogits logits, double temperature)
    {
        try
        {
            var greatest = logits.Array[GreatestLogit.IdOf(logits.Values)];
            var weights = ArrayPool<double>.Shared.Rent(logits.PaddedCount);
            Exponentials.Fill(logits.Array.AsSpan(0, logits.PaddedCount), greatest, temperature, weights);
            return new TokenWeights(logits, weights, temperature);
        }
        catch
        {
            logits.Dispose();
            throw;
        }
    }

    /// <summary>Step 8 with a temperature that follows the entropy. Takes over <paramref name="logits"/>.</summary>
    /// <param name="temperature">The middle of its range; 0 or more.</param>
    /// <param name="range">How far it goes from there, but not below 0.</param>
    public static TokenWeights Of(AdjustedLogits logits, double temperature, double range, double exponent)
    {
        var even = Of(logits, 1);
        var chosen = DynamicTemperature.Of(logits.Values, even.Weights, even.Total(), Math.Max(0, temperature - range), temperature + range, exponent);
        Exponentials.Fill(logits.Array.AsSpan(0, logits.PaddedCount), logits.Array[GreatestLogit.IdOf(logits.Values)], chosen, even._weights);
        return new TokenWeights(logits, even._weights, chosen);
    }

    /// <summary>Step 9: drops the tokens below this share of the greatest weight, which is 1.</summary>
    /// <param name="countMin">As many of the first stay at least.</param>
    public void KeepFrom(double share, int countMin)
    {
        if (countMin > 1 && CountFrom(share) < countMin)
        {
            KeepFirst(countMin);
            return;
        }
        foreach (ref var weight in Weights)
        {
            if (weight < share && weight < 1)
                weight = 0;
        }
    }

    /// <summary>Step 10: keeps the first tokens by logit downwards and id upwards.</summary>
    public void KeepFirst(int count) => WeightCut.Keep(_logits.Values, Weights, Weights, count, double.PositiveInfinity);

    /// <summary>Step 11: keeps those whose surprise is nearest the entropy, until they have this share of what is left.</summary>
    public void KeepTypical(double share, int countMin) => TypicalCut.Keep(_logits.Values, Weights, _temperature, share, countMin);

    /// <summary>Step 12: keeps the shortest prefix by logit downwards and id upwards which has this share of what is left.</summary>
    /// <param name="countMin">Tokens that stay at least; at least one.</param>
    public void KeepMass(double share, int countMin) => WeightCut.Keep(_logits.Values, Weights, Weights, int.MaxValue, share, countMin);

    /// <summary>Step 13: drops all but the least likely of those that have this share of what is left.</summary>
    public void DropTop(double share, int countMin) => TopExclusion.Apply(_logits.Values, Weights, share * Total(), countMin);

    /// <summary>Step 14: the token at a point of the cumulated weights, in id order.</summary>
    /// <param name="point">In [0, 1).</param>
    public int At(double point)
    {
        var left = point * Total();
        for (var first = 0; first < _logits.Count; first += Run)
        {
            var run = Weights[first..Math.Min(first + Run, _logits.Count)];
            var sum = Sum(run);
            if (left < sum)
                return first + Find(run, left);
            left -= sum;
        }
        // Rounding took the point past the end: the last token that can be drawn has it.
        return Weights.LastIndexOfAnyExcept(0.0);
    }

    public TokenProbability[] Probabilities()
    {
        var total = Total();
        var result = new List<TokenProbability>();
        for (var id = 0; id < _logits.Count; id++)
        {
            if (_weights[id] > 0)
                result.Add(new TokenProbability(id, _weights[id] / total));
        }
        return [.. result];
    }

    /// <summary>Sum of all weights, in the order in which <see cref="At"/> walks them.</summary>
    public double Total()
    {
        var total = 0.0;
        for (var first = 0; first < _logits.Count; first += Run)
            total += Sum(Weights[first..Math.Min(first + Run, _logits.Count)]);
        return total;
    }

    public void Dispose()
    {
        ArrayPool<double>.Shared.Return(_weights);
        _logits.Dispose();
    }

    private int CountFrom(double share)
    {
        var count = 0;
        foreach (var weight in Weights)
            count += weight >= share ? 1 : 0;
        return count;
    }

    /// <summary>Four chains, so that additions overlap, in an order that no vector width changes.</summary>
    private static double Sum(ReadOnlySpan<double> run)
    {
        double a = 0, b = 0, c = 0, d = 0;
        var i = 0;
        for (; i <= run.Length - 4; i += 4)
        {
            a += run[i];
            b += run[i + 1];
            c += run[i + 2];
            d += run[i + 3];
        }
        for (; i < run.Length; i++)
            a += run[i];
        return a + b + (c + d);
    }

    private static int Find(ReadOnlySpan<double> run, double left)
    {
        for (var i = 0; i < run.Length; i++)
        {
            if (left < run[i])
                return i;
            left -= run[i];
        }
        return run.LastIndexOfAnyExcept(0.0);
    }
}
