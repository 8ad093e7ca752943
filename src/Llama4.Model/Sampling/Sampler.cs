using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// Draws tokens from logits. Stateless and thread-safe: the same logits and <see cref="TokenDraw"/> give the same token,
/// on any instruction set. The order of the settings is that of docs/decisions/sampling.md.
/// <para>Settings are taken as they are; the gateway has checked their ranges.</para>
/// </summary>
public static class Sampler
{
    /// <summary>Draws one token, or reports on the one that is forced. Scratch is pooled: nothing that grows with the vocabulary is allocated after warm-up.</summary>
    /// <param name="logits">[vocab], as the model made them.</param>
    /// <param name="mask">Of the tokens that the draw's constraint allows: temperature and cuts see no others.</param>
    /// <exception cref="InvalidOperationException">No logit is above -infinity: there is nothing to draw.</exception>
    public static DrawnToken Draw(ReadOnlySpan<float> logits, in TokenDraw draw, TokenMask mask = default)
    {
        if (draw.Forced is { } forced)
            return Report(logits, forced, draw.TopLogprobs ?? 0);
        var id = draw.Settings.IsGreedy ? Greedy(logits, draw, mask) : DrawWeighted(logits, draw, mask);
        if (draw.TopLogprobs is not { } count)
            return new DrawnToken(id, null, null);
        var raw = new RawLogprobs(logits);
        return new DrawnToken(id, raw[id], raw.Top(count));
    }

    /// <summary>The token that comes next is known.</summary>
    private static DrawnToken Report(ReadOnlySpan<float> logits, int id, int top)
    {
        var raw = new RawLogprobs(logits);
        return new DrawnToken(id, raw[id], raw.Top(top)) { Rank = raw.RankOf(id) };
    }

    /// <summary>
    /// Every token that <see cref="Draw"/> can return, with its probability, and the raw logits' best tokens. Whether the likeliest are excluded (xtc) is not left open: it follows
    /// from the draw's seed, choice and position.
    /// </summary>
    public static TokenDistribution Distribution(ReadOnlySpan<float> logits, in TokenDraw draw)
    {
        var raw = new RawLogprobs(logits);
        var top = raw.Top(draw.TopLogprobs ?? 0);
        if (draw.Settings.IsGreedy)
            return new TokenDistribution([new(Greedy(logits, draw, default), 1)], top);
        using var weights = Weights(logits, draw, default);
        return new TokenDistribution(weights.Probabilities(), top);
    }

    private static int Greedy(ReadOnlySpan<float> logits, in TokenDraw draw, TokenMask mask)
    {
        if (!AdjustedLogits.IsNeeded(draw) && mask.AllowsAll)
            return GreatestLogit.IdOf(logits);
        using var adjusted = AdjustedLogits.Of(logits, draw, mask);
        return GreatestLogit.IdOf(adjusted.Values);
    }

    private static int DrawWeighted(ReadOnlySpan<float> logits, in TokenDraw draw, TokenMask mask)
    {
        using var weights = Weights(logits, draw, mask);
        return weights.At(DrawNoise.Uniform(draw.Seed, draw.Choice, draw.Position));
    }

    /// <summary>Steps 2 to 13 of the rule.</summary>
    private static TokenWeights Weights(ReadOnlySpan<float> logits, in TokenDraw draw, TokenMask mask)
    {
        var (settings, rare) = (draw.Settings, draw.Settings.Rare);
        var least = Math.Max(1, rare?.MinKeep ?? 1);
        var weights = Tempered(AdjustedLogits.Of(logits, draw, mask), settings);
        if (settings.MinP > 0)
            weights.KeepFrom(settings.MinP, least);
        if (settings.TopK > 0)
            weights.KeepFirst(settings.TopK);
        if (rare is { TypicalP: < 1 })
            weights.KeepTypical(rare.TypicalP, least);
        if (settings.TopP < 1)
            weights.KeepMass(settings.TopP, least);
        if (rare is { XtcProbability: > 0 } && DrawNoise.Uniform(draw.Seed, draw.Choice, draw.Position, NoiseUse.Exclusion) < rare.XtcProbability)
            weights.DropTop(rare.XtcThreshold, least);
        return weights;
    }

    private static TokenWeights Tempered(AdjustedLogits logits, SamplingSettings settings)
    {
        if (settings.Rare is { TopNSigma: > 0 } cut)
            SigmaCut.Apply(logits.Array.AsSpan(0, logits.Count), cut.TopNSigma);
        return settings.Rare is { TemperatureRange: > 0 } dynamic
            ? TokenWeights.Of(logits, settings.Temperature, dynamic.TemperatureRange, dynamic.TemperatureExponent)
            : TokenWeights.Of(logits, settings.Temperature);
    }
}
