using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>How the tokens of a step are drawn, and which of its logit rows have theirs already.</summary>
internal static class StepDraws
{
    private static readonly SamplingSettings NotDrawn = new();

    /// <param name="told">Which constraints need no text any more.</param>
    /// <returns>[step.LogitRows].</returns>
    public static TokenDraw[] Of(StepPlan step, BatchScheduler scheduler, ToldConstraints told)
    {
        if (step.LogitRows.Length == 0)
            return [];
        var draws = new TokenDraw[step.LogitRows.Length];
        var count = 0;
        foreach (var slice in step.Slices)
        {
            if (slice.LogitRows == 0)
                continue;
            var view = scheduler.View(slice.Sequence);
            for (var i = 0; i < slice.Forced; i++)
                draws[count++] = Forced(view, slice.FirstForced + i + 1);
            if (slice.Samples)
                draws[count++] = Of(view, told);
        }
        return draws;
    }

    private static TokenDraw Of(SequenceView view, ToldConstraints told)
    {
        var (prompt, output) = Needed(view);
        return new TokenDraw(
            view.Sampling, prompt, output,
            view.Seed, view.Choice, view.Position, view.Request.TopLogprobs,
            view.Request.Constraint is { } constraint
                ? new DrawConstraint(constraint.Digest, told.Has(constraint) ? null : constraint, view.Request.StopIds, constraint.EndsLate)
                : null)
        {
            Trace = view.Request.Trace && view.Index < GenerateRequest.TracedTokensMax,
            Deferred = view.Index < view.Request.TokensMin ? view.Request.StopIds : null,
        };
    }

    /// <summary>The token of the prompt at a position.</summary>
    private static TokenDraw Forced(SequenceView view, int position) =>
        new(NotDrawn, default, default, 0, 0, position, view.Request.PromptLogprobs) { Forced = view.Prompt.Span[position] };

    /// <summary>The ids of prompt and answer that the draw looks at: they may go to another host with each token.</summary>
    internal static (ReadOnlyMemory<int> Prompt, ReadOnlyMemory<int> Output) Needed(SequenceView view)
    {
        var back = view.Sampling.LookBack;
        return (
            back > view.Output.Length ? Last(view.Prompt, back - view.Output.Length) : default,
            view.Request.Constraint is not null ? view.Output : Last(view.Output, Math.Max(back, Before(view.Sampling.BadSequences))));
    }

    private static ReadOnlyMemory<int> Last(ReadOnlyMemory<int> ids, int count) => ids[Math.Max(0, ids.Length - count)..];

    /// <summary>How many ids a sequence can have in front of its last one.</summary>
    private static int Before(int[][]? sequences)
    {
        var most = 0;
        foreach (var sequence in sequences ?? [])
            most = Math.Max(most, sequence.Length - 1);
        return most;
    }
}
