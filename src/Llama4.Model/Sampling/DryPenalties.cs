using System.Buffers;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// DRY (p-e-w, "DRY: a modern repetition penalty", github.com/oobabooga/text-generation-webui/pull/5677): where the text's end stands in the text before already, the id
/// that followed there is penalised, more the longer what would be repeated. A function of the tokens alone, in time linear in how many are looked at.
/// </summary>
internal static class DryPenalties
{
    /// <summary>The power of the base stops here, as in llama.cpp: penalties stay finite, so an id that is forbidden stays below one that is only penalised.</summary>
    private const double PowerMax = float.MaxValue;

    /// <param name="logits">[vocab]. Ids that it does not have change nothing.</param>
    public static void Apply(Span<double> logits, in TokenDraw draw, DrySettings settings)
    {
        var tokens = new LastTokens(draw, settings.Tokens);
        if (tokens.Count < 2)
            return;
        var (ids, repeats, longest) = (Rent(tokens.Count), Rent(tokens.Count), Rent(logits.Length));
        var backwards = ids.AsSpan(0, tokens.Count);
        tokens.CopyReversed(backwards);
        var limit = UntilBreaker(backwards, settings);
        if (limit >= settings.AllowedLength)
        {
            FindRepeats(backwards, repeats.AsSpan(0, tokens.Count));
            Penalise(logits, backwards, repeats, limit, longest, settings);
        }
        ArrayPool<int>.Shared.Return(ids);
        ArrayPool<int>.Shared.Return(repeats);
        ArrayPool<int>.Shared.Return(longest);
    }

    /// <summary>Tokens behind the last breaker: no more of them count as repeated.</summary>
    private static int UntilBreaker(ReadOnlySpan<int> backwards, DrySettings settings)
    {
        for (var i = 0; i < backwards.Length; i++)
        {
            if (IsBreaker(backwards[i], settings))
                return i;
            foreach (var sequence in settings.BreakerSequences)
            {
                if (EndsAt(backwards[i..], sequence))
                    return i;
            }
        }
        return backwards.Length;
    }

    private static bool EndsAt(ReadOnlySpan<int> backwards, int[] sequence)
    {
        if (sequence.Length > backwards.Length)
            return false;
        for (var i = 0; i < sequence.Length; i++)
        {
            if (backwards[i] != sequence[^(i + 1)])
                return false;
        }
        return true;
    }

    /// <summary>repeats[k]: of how many tokens the text's end is the same as the end of the text without its last k (the Z function of the text backwards; Gusfield 1997, 1.4).</summary>
    private static void FindRepeats(ReadOnlySpan<int> backwards, Span<int> repeats)
    {
        repeats[0] = backwards.Length;
        // backwards[left..right] is the repetition found so far that reaches furthest.
        int left = 0, right = 0;
        for (var k = 1; k < backwards.Length; k++)
        {
            var length = k < right ? Math.Min(right - k, repeats[k - left]) : 0;
            while (k + length < backwards.Length && backwards[length] == backwards[k + length])
                length++;
            repeats[k] = length;
            if (k + length > right)
                (left, right) = (k, k + length);
        }
    }

    /// <param name="longest">[vocab], scratch: the longest repetition that an id would go on with.</param>
    private static void Penalise(Span<double> logits, ReadOnlySpan<int> backwards, ReadOnlySpan<int> repeats, int limit, Span<int> longest, DrySettings settings)
    {
        const int None = -1;
        foreach (var id in backwards)
        {
            if ((uint)id < (uint)logits.Length)
                longest[id] = None;
        }
        for (var k = 1; k < backwards.Length; k++)
        {
            var (id, length) = (backwards[k - 1], Math.Min(repeats[k], limit));
            if (length >= settings.AllowedLength && (uint)id < (uint)logits.Length && length > longest[id])
                longest[id] = length;
        }
        foreach (var id in backwards)
        {
            if ((uint)id >= (uint)logits.Length || longest[id] == None)
                continue;
            if (!IsBreaker(id, settings))
                logits[id] -= settings.Multiplier * Power(settings.Base, longest[id] - settings.AllowedLength);
            longest[id] = None;
        }
    }

    /// <summary>By multiplications only: the same bits everywhere.</summary>
    private static double Power(double value, int exponent)
    {
        var power = 1.0;
        for (; exponent > 0 && power < PowerMax; exponent >>= 1)
        {
            if ((exponent & 1) == 1)
                power = Math.Min(PowerMax, power * value);
            value = Math.Min(PowerMax, value * value);
        }
        return power;
    }

    private static bool IsBreaker(int id, DrySettings settings) => Array.BinarySearch(settings.Breakers, id) >= 0;

    private static int[] Rent(int count) => ArrayPool<int>.Shared.Rent(count);
}
