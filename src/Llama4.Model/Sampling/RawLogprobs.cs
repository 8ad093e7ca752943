using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>Log-probabilities of the logits as the model made them (step 1): no bias, penalty or temperature.</summary>
internal readonly ref struct RawLogprobs
{
    private readonly ReadOnlySpan<float> _logits;

    /// <summary>ln of the sum of exp(logit).</summary>
    private readonly double _normaliser;

    /// <param name="logits">Borrowed.</param>
    public RawLogprobs(ReadOnlySpan<float> logits)
    {
        using var weights = TokenWeights.Of(AdjustedLogits.Raw(logits), 1);
        _logits = logits;
        _normaliser = logits[GreatestLogit.IdOf(logits)] + Math.Log(weights.Total());
    }

    public double this[int id] => _logits[id] - _normaliser;

    /// <summary>1 for the best, the lower id first among equals: its place in <see cref="Top"/>, were that long enough.</summary>
    public int RankOf(int id)
    {
        var rank = 1;
        for (var other = 0; other < _logits.Length; other++)
            rank += _logits[other] > _logits[id] || (_logits[other] == _logits[id] && other < id) ? 1 : 0;
        return rank;
    }

    /// <summary>The best ones, best first, the lower id first among equals; fewer if the vocabulary has fewer.</summary>
    public TokenLogprob[] Top(int count)
    {
        var best = new TokenLogprob[Math.Min(count, _logits.Length)];
        var filled = 0;
        for (var id = 0; id < _logits.Length && best.Length > 0; id++)
        {
            if (filled == best.Length && !(this[id] > best[^1].Logprob))
                continue;
            var place = filled < best.Length ? filled++ : filled - 1;
            for (; place > 0 && this[id] > best[place - 1].Logprob; place--)
                best[place] = best[place - 1];
            best[place] = new TokenLogprob(id, this[id]);
        }
        return best;
    }
}
