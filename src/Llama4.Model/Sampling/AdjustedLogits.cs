using System.Buffers;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// Logits in double, after bias and penalties (steps 2 to 5), mask and restrictions (6). Pooled; one owner disposes. The array is padded with
/// -infinity to a multiple of <see cref="Exponentials.Lanes"/>, so that vector code needs no tail.
/// </summary>
internal readonly struct AdjustedLogits : IDisposable
{
    private AdjustedLogits(double[] array, int count)
    {
        Array = array;
        Count = count;
    }

    public double[] Array { get; }

    /// <summary>Tokens.</summary>
    public int Count { get; }

    /// <summary>Tokens and padding.</summary>
    public int PaddedCount => Padded(Count);

    public ReadOnlySpan<double> Values => Array.AsSpan(0, Count);

    /// <summary>False if bias and penalties are all neutral and nothing is forbidden.</summary>
    public static bool IsNeeded(in TokenDraw draw) => draw.Settings.LogitBias is { Count: > 0 } || draw.Settings.HasPenalties || draw.Settings.Rare?.Dry is not null || draw.IsRestricted;

    public static AdjustedLogits Of(ReadOnlySpan<float> logits, in TokenDraw draw, TokenMask mask)
    {
        var adjusted = Raw(logits);
        if (draw.Settings.LogitBias is { Count: > 0 } bias)
            adjusted.Add(bias);
        if (draw.Settings.HasPenalties)
            adjusted.Penalise(new LastTokens(draw, draw.Settings.Rare?.PenaltyTokens ?? int.MaxValue), draw.Settings);
        if (draw.Settings.Rare?.Dry is { } dry)
            DryPenalties.Apply(adjusted.Array.AsSpan(0, adjusted.Count), draw, dry);
        if (!mask.AllowsAll)
            mask.Apply(adjusted.Array.AsSpan(0, adjusted.Count));
        if (draw.IsRestricted)
            DrawRestrictions.Apply(adjusted.Array.AsSpan(0, adjusted.Count), draw);
        return adjusted;
    }

    /// <summary>The logits as they are.</summary>
    public static AdjustedLogits Raw(ReadOnlySpan<float> logits)
    {
        var array = ArrayPool<double>.Shared.Rent(Padded(logits.Length));
        for (var id = 0; id < logits.Length; id++)
            array[id] = logits[id];
        array.AsSpan(logits.Length, Padded(logits.Length) - logits.Length).Fill(double.NegativeInfinity);
        return new AdjustedLogits(array, logits.Length);
    }

    public void Dispose() => ArrayPool<double>.Shared.Return(Array);

    private static int Padded(int count) => (count + Exponentials.Lanes - 1) / Exponentials.Lanes * Exponentials.Lanes;

    private void Add(Dictionary<int, double> bias)
    {
        foreach (var (id, value) in bias)
        {
            if (IsToken(id))
                Array[id] += value;
        }
    }

    private void Penalise(LastTokens tokens, SamplingSettings settings)
    {
        var counts = ArrayPool<int>.Shared.Rent(Count);
        // Only the entries that are used are cleared: a pooled array may hold anything.
        Clear(counts, tokens.Prompt);
        Clear(counts, tokens.Output);
        foreach (var id in tokens.Output)
        {
            if (IsToken(id))
                counts[id]++;
        }
        PenaliseOnce(tokens.Prompt, settings, counts);
        PenaliseOnce(tokens.Output, settings, counts);
        ArrayPool<int>.Shared.Return(counts);
    }

    private void Clear(int[] counts, ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (IsToken(id))
                counts[id] = 0;
        }
    }

    private void PenaliseOnce(ReadOnlySpan<int> ids, SamplingSettings settings, int[] counts)
    {
        const int Done = -1;
        foreach (var id in ids)
        {
            if (!IsToken(id) || counts[id] == Done)
                continue;
            var logit = Array[id];
            logit = logit > 0 ? logit / settings.RepetitionPenalty : logit * settings.RepetitionPenalty;
            if (counts[id] > 0)
                logit -= settings.FrequencyPenalty * counts[id] + settings.PresencePenalty;
            Array[id] = logit;
            counts[id] = Done;
        }
    }

    /// <summary>A bias or a prompt may name ids that this vocabulary has not; they change nothing.</summary>
    private bool IsToken(int id) => (uint)id < (uint)Count;
}
