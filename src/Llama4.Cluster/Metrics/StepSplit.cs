using Llama4.Contracts;

namespace Llama4.Cluster.Metrics;

/// <summary>Where a step's time went, in seconds. The four are the whole step.</summary>
/// <param name="Attention">With norms and router.</param>
/// <param name="Expert">Feed-forward: routed experts, the shared one, dense layers.</param>
/// <param name="Wire">Calls to other hosts, beyond those hosts' own work.</param>
/// <param name="Wait">Embedding, last norm, logits and drawing, and whatever the step waited for.</param>
internal readonly record struct StepSplit(double Attention, double Expert, double Wire, double Wait)
{
    private const double PerUs = 1e-6;

    /// <summary>Of a step whose first drawn row was followed; what that row met stands for the step.</summary>
    /// <param name="path">Of the row, through all stages.</param>
    /// <param name="elapsed">Of the step.</param>
    public static StepSplit Of(TokenHop[] path, TimeSpan elapsed)
    {
        var (attention, expert, wire) = (0.0, 0.0, 0.0);
        foreach (var hop in path)
        {
            var away = Math.Min(hop.LayerUs, hop.Expert?.WireUs ?? 0);
            attention += hop.AttentionUs * PerUs;
            expert += (hop.LayerUs - away) * PerUs;
            wire += (away + hop.HandOverUs) * PerUs;
        }
        return new StepSplit(attention, expert, wire, Math.Max(0, elapsed.TotalSeconds - attention - expert - wire));
    }

    /// <summary>The same shares of another time.</summary>
    public StepSplit Of(double seconds)
    {
        var whole = Attention + Expert + Wire + Wait;
        var share = whole > 0 ? seconds / whole : 0;
        return new StepSplit(Attention * share, Expert * share, Wire * share, Wait * share);
    }
}
