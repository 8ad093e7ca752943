using Llama4.Contracts;

namespace Llama4.Cluster.Steps;

/// <summary>A row from which no token can be drawn.</summary>
internal static class NothingDrawn
{
    /// <summary>Of logits in order it is the request that forbids everything; where there is no number among them, or none above -infinity, it is not.</summary>
    /// <param name="logits">[vocab] as the model gave them.</param>
    public static DrawnToken Under(ReadOnlySpan<float> logits, string error) => new(-1, null, null, error) { IsOfRequest = HasAny(logits) };

    private static bool HasAny(ReadOnlySpan<float> logits)
    {
        foreach (var logit in logits)
        {
            if (logit > float.NegativeInfinity)
                return true;
        }

        return false;
    }
}
