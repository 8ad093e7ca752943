using Llama4.Contracts;

namespace Llama4.Model.Tests.Sampling;

/// <summary>The rule of docs/decisions/sampling.md written down as it reads, over sorted lists and the library's exp, ln and pow: what the sampler is held against.</summary>
internal static class PlainSampler
{
    /// <summary>Every id that can be drawn with its probability.</summary>
    /// <param name="excludes">Whether the likeliest are excluded by this draw.</param>
    public static Dictionary<int, double> Distribution(float[] logits, SamplingSettings settings, int[] prompt, int[] output, bool excludes, Func<int, bool>? allows = null)
    {
        var rare = settings.Rare ?? new RareSampling();
        var values = logits.Select(logit => (double)logit).ToArray();
        Penalise(values, settings, rare, prompt, output);
        if (rare.Dry is { } dry)
            Dry(values, dry, [.. prompt, .. output]);
        for (var id = 0; id < values.Length; id++)
        {
            if (allows is not null && !allows(id))
                values[id] = double.NegativeInfinity;
        }
        var left = Enumerable.Range(0, values.Length).Where(id => values[id] > double.NegativeInfinity).OrderByDescending(id => values[id]).ThenBy(id => id).ToList();
        if (settings.Temperature == 0 && rare.TemperatureRange == 0)
            return new() { [left[0]] = 1 };
        if (rare.TopNSigma > 0)
        {
            var mean = left.Average(id => values[id]);
            var sigma = Math.Sqrt(left.Average(id => Math.Pow(values[id] - mean, 2)));
            left = left.FindAll(id => values[id] >= values[left[0]] - rare.TopNSigma * sigma);
        }
        var temperature = rare.TemperatureRange > 0 ? Dynamic(left, values, settings.Temperature, rare) : settings.Temperature;
        var p = Softmax(left, values, temperature);
        var keep = Math.Max(1, rare.MinKeep);
        left = [.. left.Where((id, at) => at < keep || p[id] >= settings.MinP * p[left[0]])];
        if (settings.TopK > 0)
            left = [.. left.Take(settings.TopK)];
        if (rare.TypicalP < 1)
        {
            p = Normalised(left, p);
            var entropy = -left.Sum(id => p[id] > 0 ? p[id] * Math.Log(p[id]) : 0);
            left = Prefix([.. left.Where(id => p[id] > 0).OrderBy(id => Math.Abs(-Math.Log(p[id]) - entropy)).ThenBy(id => id)], p, rare.TypicalP, keep);
            left = [.. left.OrderByDescending(id => values[id]).ThenBy(id => id)];
        }
        if (settings.TopP < 1)
            left = Prefix(left, p, settings.TopP, keep);
        p = Normalised(left, p);
        var likely = left.FindAll(id => p[id] >= rare.XtcThreshold);
        if (excludes && likely.Count > 1 && left.Count - likely.Count + 1 >= keep)
            left = left[(likely.Count - 1)..];
        return Normalised(left, p);
    }

    private static void Penalise(double[] values, SamplingSettings settings, RareSampling rare, int[] prompt, int[] output)
    {
        var seen = prompt.Select(id => (Id: id, IsOutput: false)).Concat(output.Select(id => (Id: id, IsOutput: true))).TakeLast(rare.PenaltyTokens).ToList();
        foreach (var id in seen.Select(token => token.Id).Distinct())
        {
            values[id] = values[id] > 0 ? values[id] / settings.RepetitionPenalty : values[id] * settings.RepetitionPenalty;
            var count = seen.Count(token => token.Id == id && token.IsOutput);
            values[id] -= settings.FrequencyPenalty * count + (count > 0 ? settings.PresencePenalty : 0);
        }
    }

    /// <summary>Every id is tried: how long would the text's end, with it, be a repetition?</summary>
    private static void Dry(double[] values, DrySettings dry, int[] text)
    {
        text = text.TakeLast(dry.Tokens).ToArray();
        for (var id = 0; id < values.Length; id++)
        {
            if (dry.Breakers.Contains(id))
                continue;
            var longest = -1;
            for (var at = 0; at < text.Length; at++)
            {
                if (text[at] != id)
                    continue;
                var length = 0;
                while (length < at && text[at - 1 - length] == text[^(length + 1)] && !Breaks(text, text.Length - 1 - length, dry))
                    length++;
                longest = Math.Max(longest, length);
            }
            if (longest >= dry.AllowedLength)
                values[id] -= dry.Multiplier * Math.Min(Math.Pow(dry.Base, longest - dry.AllowedLength), float.MaxValue);
        }
    }

    /// <summary>Whether a breaker ends at a place.</summary>
    private static bool Breaks(int[] text, int at, DrySettings dry) =>
        dry.Breakers.Contains(text[at]) || dry.BreakerSequences.Any(sequence => text[..(at + 1)].AsSpan().EndsWith(sequence));

    private static double Dynamic(List<int> left, double[] values, double temperature, RareSampling rare)
    {
        var p = Softmax(left, values, 1);
        var entropy = -left.Sum(id => p[id] > 0 ? p[id] * Math.Log(p[id]) : 0);
        var (least, most) = (Math.Max(0, temperature - rare.TemperatureRange), temperature + rare.TemperatureRange);
        return left.Count == 1 ? 1 : least + (most - least) * Math.Pow(entropy / Math.Log(left.Count), rare.TemperatureExponent);
    }

    private static Dictionary<int, double> Softmax(List<int> ids, double[] values, double temperature) =>
        Normalised(ids, ids.ToDictionary(id => id, id => values[id] == values[ids[0]] ? 1 : Math.Exp((values[id] - values[ids[0]]) / temperature)));

    private static Dictionary<int, double> Normalised(List<int> ids, Dictionary<int, double> p)
    {
        var sum = ids.Sum(id => p[id]);
        return ids.ToDictionary(id => id, id => p[id] / sum);
    }

    private static List<int> Prefix(List<int> ids, Dictionary<int, double> p, double share, int keep)
    {
        var (needed, sum) = (share * ids.Sum(id => p[id]), 0.0);
        var count = ids.TakeWhile((id, at) =>
        {
            var goesOn = at < keep || sum < needed;
            sum += p[id];
            return goesOn;
        }).Count();
        return ids[..count];
    }
}
