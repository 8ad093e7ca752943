using Llama4.Contracts;

namespace Llama4.Cluster.Traces;

/// <summary>What it took to hand a step to the next stage, beyond the work that the stages after tell of.</summary>
internal static class StageTimes
{
    /// <summary>Puts it into the first layer of each path that came back.</summary>
    /// <param name="drawn">[step.LogitRows].</param>
    /// <param name="call">The time of the call to the next stage.</param>
    public static void Tell(DrawnToken[] drawn, TimeSpan call)
    {
        for (var i = 0; i < drawn.Length; i++)
        {
            if (drawn[i].Path is not [var first, ..] path)
                continue;
            var work = path.Sum(hop => hop.AttentionUs + hop.LayerUs + hop.HandOverUs);
            drawn[i] = drawn[i] with { Path = [first with { HandOverUs = Math.Max(0, (long)call.TotalMicroseconds - work) }, .. path[1..]] };
        }
    }
}
