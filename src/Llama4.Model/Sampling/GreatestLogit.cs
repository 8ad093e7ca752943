using System.Numerics;

namespace Llama4.Model;

/// <summary>The id of the greatest logit, the lowest among equals; NaN never wins.</summary>
internal static class GreatestLogit
{
    /// <summary>One pass: each lane keeps its own greatest and where it was; the lanes are compared at the end.</summary>
    public static int IdOf(ReadOnlySpan<float> logits)
    {
        var greatest = new Vector<float>(float.NegativeInfinity);
        var ids = new Vector<int>(-1);
        var id = 0;
        if (logits.Length >= Vector<float>.Count)
        {
            var current = Vector<int>.Indices;
            var step = new Vector<int>(Vector<float>.Count);
            for (; id <= logits.Length - Vector<float>.Count; id += Vector<float>.Count)
            {
                var values = new Vector<float>(logits[id..]);
                var above = Vector.GreaterThan(values, greatest);
                greatest = Vector.ConditionalSelect(above, values, greatest);
                ids = Vector.ConditionalSelect(above, current, ids);
                current += step;
            }
        }
        int best = -1;
        var value = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            if (greatest[lane] > value || (greatest[lane] == value && ids[lane] >= 0 && ids[lane] < best))
                (best, value) = (ids[lane], greatest[lane]);
        }
        for (; id < logits.Length; id++)
        {
            if (logits[id] > value)
                (best, value) = (id, logits[id]);
        }
        return best >= 0 ? best : throw Nothing(logits.Length);
    }

    public static int IdOf(ReadOnlySpan<double> logits)
    {
        var best = -1;
        var value = double.NegativeInfinity;
        for (var id = 0; id < logits.Length; id++)
        {
            if (logits[id] > value)
                (best, value) = (id, logits[id]);
        }
        return best >= 0 ? best : throw Nothing(logits.Length);
    }

    private static InvalidOperationException Nothing(int count) => new($"none of {count} logits is above -infinity: there is no token to draw");
}
