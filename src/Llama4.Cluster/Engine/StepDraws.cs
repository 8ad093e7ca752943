using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>How the tokens of a step are drawn.</summary>
internal static class StepDraws
{
    /// <returns>[step.LogitRows].</returns>
    public static TokenDraw[] Of(StepPlan step, BatchScheduler scheduler)
    {
        if (step.LogitRows.Length == 0)
            return [];
        var draws = new TokenDraw[step.LogitRows.Length];
        var count = 0;
        foreach (var slice in step.Slices)
        {
            if (slice.Samples)
                draws[count++] = Of(scheduler.View(slice.Sequence));
        }
        return draws;
    }

    private static TokenDraw Of(SequenceView view)
    {
        var settings = view.Sampling;
        var penalised = settings.RepetitionPenalty != 1 || settings.PresencePenalty != 0 || settings.FrequencyPenalty != 0;
        return new TokenDraw(
            settings,
            penalised ? view.Prompt : default,
            penalised ? view.Output : default,
            view.Seed, view.Choice, view.Position, view.Request.TopLogprobs)
        {
            Trace = view.Request.Trace && view.Index < GenerateRequest.TracedTokensMax,
        };
    }
}
