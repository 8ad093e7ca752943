using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a plan comes to: memory, links and time, from the hosts' best speeds. Real steps are slower, by what the kernels leave unused.</summary>
public sealed record PlanPrediction(
    IReadOnlyList<HostMemory> Memory, IReadOnlyList<LinkTraffic> Links, IReadOnlyList<StepPrediction> Steps, IReadOnlyList<string> Advice)
{
    /// <summary>Batches 1, 2, 4 ... 256.</summary>
    private static readonly int[] Batches = [.. Enumerable.Range(0, 9).Select(i => 1 << i)];

    /// <param name="plan">Made from this request.</param>
    public static PlanPrediction Of(PlacementRequest request, PlacementPlan plan)
    {
        var model = new StepModel(request, plan);
        var memory = HostMemory.Of(request, plan);
        StepPrediction[] steps = [.. Batches.Where(batch => batch >= request.Replicas).Select(model.Predict)];
        return new PlanPrediction(memory, LinkTraffic.Of(request, plan), steps, PlanAdvice.Of(request, plan, model, memory));
    }
}

/// <summary>What limits a step.</summary>
public enum StepResource
{
    MemoryBandwidth,
    Flops,
    LinkBandwidth,
    LinkLatency,

    /// <summary>Calls, wake-ups and launches of each layer.</summary>
    Control,
}

/// <summary>One token for each of <paramref name="Batch"/> sequences, all at the end of their context.</summary>
/// <param name="MicroBatches">That the batch of a replica is best cut into: more overlap, but weights are read for each.</param>
/// <param name="StepS">From one token of a sequence to its next.</param>
/// <param name="OneAfterAnother">The step is as long as the path of one micro-batch; else as long as the busiest host works.</param>
/// <param name="Resource">That takes most of that time.</param>
/// <param name="Host">Whose; null for what no host alone has.</param>
/// <param name="Share">Its part of the step, 0 to 1.</param>
public sealed record StepPrediction(
    int Batch, int MicroBatches, double StepS, bool OneAfterAnother, StepResource Resource, HostId? Host, double Share)
{
    /// <summary>Of all sequences together.</summary>
    public double TokensPerS => Batch / StepS;
}
