using System.Buffers;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// What a request forbids to draw, set to -infinity: a function of its settings and of the ids drawn so far, so that a token which is drawn again is the same token. Whatever
/// bias and penalties say, what is forbidden is not drawn; log-probabilities do not know of it.
/// </summary>
internal static class DrawRestrictions
{
    /// <param name="logits">[vocab], with what else is forbidden at -infinity already. Ids that it does not have change nothing.</param>
    public static void Apply(Span<double> logits, in TokenDraw draw)
    {
        if (draw.Settings.AllowedIds is { } allowed)
            KeepOnly(logits, allowed);
        foreach (var sequence in draw.Settings.BadSequences ?? [])
        {
            if (draw.Output.Span.EndsWith(sequence.AsSpan(0, sequence.Length - 1)))
                Forbid(logits, sequence[^1]);
        }
        if (draw.Deferred is { Length: > 0 } deferred)
            Defer(logits, deferred);
    }

    private static void KeepOnly(Span<double> logits, int[] allowed)
    {
        var kept = ArrayPool<double>.Shared.Rent(allowed.Length);
        for (var i = 0; i < allowed.Length; i++)
            kept[i] = (uint)allowed[i] < (uint)logits.Length ? logits[allowed[i]] : double.NegativeInfinity;
        logits.Fill(double.NegativeInfinity);
        for (var i = 0; i < allowed.Length; i++)
        {
            if ((uint)allowed[i] < (uint)logits.Length)
                logits[allowed[i]] = kept[i];
        }
        ArrayPool<double>.Shared.Return(kept);
    }

    /// <summary>Forbids ids unless nothing else is left to draw.</summary>
    private static void Defer(Span<double> logits, int[] ids)
    {
        var before = ArrayPool<double>.Shared.Rent(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            before[i] = (uint)ids[i] < (uint)logits.Length ? logits[ids[i]] : double.NegativeInfinity;
            Forbid(logits, ids[i]);
        }
        if (!HasAny(logits))
        {
            // From the last to the first: where an id is there twice, the first still saw its logit.
            for (var i = ids.Length - 1; i >= 0; i--)
            {
                if ((uint)ids[i] < (uint)logits.Length)
                    logits[ids[i]] = before[i];
            }
        }
        ArrayPool<double>.Shared.Return(before);
    }

    private static bool HasAny(ReadOnlySpan<double> logits)
    {
        foreach (var logit in logits)
        {
            if (logit > double.NegativeInfinity)
                return true;
        }
        return false;
    }

    private static void Forbid(Span<double> logits, int id)
    {
        if ((uint)id < (uint)logits.Length)
            logits[id] = double.NegativeInfinity;
    }
}
