using System.Buffers;

namespace Llama4.Model;

/// <summary>
/// The weight of every token, 1 for the greatest logit; 0 means that it cannot be drawn (steps 5 to 9). Cuts set
/// weights to 0 in place, and tokens are drawn in id order, so nothing but a cut's border is ever sorted.
/// Pooled; one owner disposes.
/// </summary>
internal readonly struct TokenWeights : IDisposable
{
    /// <summary>Tokens of a run whose weights are summed first: the drawn run is then searched one by one.</summary>
    private const int Run = 512;

    private readonly AdjustedLogits _logits;
    private readonly double[] _weights;

    private TokenWeights(AdjustedLogits logits, double[] weights)
    {
        _logits = logits;
        _weights = weights;
    }

    private Span<double> Weights => _weights.AsSpan(0, _logits.Count);

    /// <summary>Step 5. Takes over <paramref name="logits"/>.</summary>
    /// <param name="temperature">Above 0.</param>
    public static TokenWeights Of(AdjustedLogits logits, double temperature)
    {
        try
        {
            var greatest = logits.Array[GreatestLogit.IdOf(logits.Values)];
            var weights = ArrayPool<double>.Shared.Rent(logits.PaddedCount);
            Exponentials.Fill(logits.Array.AsSpan(0, logits.PaddedCount), greatest, temperature, weights);
            return new TokenWeights(logits, weights);
        }
        catch
        {
            logits.Dispose();
            throw;
        }
    }

    /// <summary>Step 6: drops the tokens below this share of the greatest weight, which is 1.</summary>
    public void KeepFrom(double share)
    {
        foreach (ref var weight in Weights)
        {
            if (weight < share && weight < 1)
                weight = 0;
        }
    }

    /// <summary>Step 7: keeps the first tokens by logit downwards and id upwards.</summary>
    public void KeepFirst(int count) => WeightCut.Keep(_logits.Values, Weights, count, double.PositiveInfinity);

    /// <summary>Step 8: keeps the shortest prefix in that order which has this share of what is left; at least one token.</summary>
    public void KeepMass(double share) => WeightCut.Keep(_logits.Values, Weights, int.MaxValue, share);

    /// <summary>Step 9: the token at a point of the cumulated weights, in id order.</summary>
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
