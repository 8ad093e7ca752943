namespace Llama4.Cluster.Steps;

/// <summary>Which steps nobody waits for any more, as a newer step of the same engine tells.</summary>
internal static class GivenUp
{
    /// <summary>Of an earlier plan; or earlier in this one, and not among those that the engine still waits for.</summary>
    /// <param name="awaited">The newer one's <see cref="Contracts.StepPlan.Awaited"/>.</param>
    public static bool Is((long Epoch, long Number) step, (long Epoch, long Number) newer, long[] awaited) =>
        step.Epoch < newer.Epoch || (step.Epoch == newer.Epoch && step.Number < newer.Number && Array.IndexOf(awaited, step.Number) < 0);
}
