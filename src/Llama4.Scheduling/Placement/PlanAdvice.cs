using System.Globalization;
using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What would have to change to do better, from a plan's own numbers: a sentence each.</summary>
internal static class PlanAdvice
{
    public static IReadOnlyList<string> Of(PlacementRequest request, PlacementPlan plan, StepModel model, IReadOnlyList<HostMemory> memory)
    {
        var advice = new List<string>();
        var few = model.Predict(request.Replicas);
        var many = model.Predict(Math.Max(request.Work.Sequences, request.Replicas));
        advice.Add(Sentence(request, plan, many));
        if (few.Resource != many.Resource || few.Host != many.Host)
        {
            advice.Add(Sentence(request, plan, few));
        }

        advice.Add(Room(request, plan, memory));
        return advice;
    }

    private static string Sentence(PlacementRequest request, PlacementPlan plan, StepPrediction step)
    {
        var what = Text(
            $"At batch {step.Batch}, {100 * step.Share:0} % of {(step.OneAfterAnother ? "a step" : "the busiest host's time")} is {Name(step)}{Remedy(request, plan, step)}");
        var faster = new StepModel(Twice(request, plan, step), plan).Predict(step.Batch);
        return step.Resource == StepResource.Control
            ? $"{what}."
            : Text($"{what}; twice of it on all hosts{(step.OneAfterAnother ? "" : " with such parts")} would give {faster.TokensPerS:N0} tokens/s instead of {step.TokensPerS:N0}.");
    }

    private static string Name(StepPrediction step) => step.Resource switch
    {
        StepResource.MemoryBandwidth => $"memory bandwidth, most of it of {step.Host}",
        StepResource.Flops => $"arithmetic, most of it of {step.Host}",
        StepResource.LinkBandwidth => $"link bandwidth, most of it of {step.Host}",
        StepResource.LinkLatency => "link latency",
        _ => "control: calls and launches of each layer",
    };

    private static string Remedy(PlacementRequest request, PlacementPlan plan, StepPrediction step) => (step.Resource, step.OneAfterAnother) switch
    {
        (StepResource.LinkLatency, _) => ": fewer layers with experts elsewhere, or a faster network",
        (StepResource.Control, _) => "",
        (StepResource.MemoryBandwidth, true) => request.Shape.ExpertType == ExpertWeights.Bf16
            ? ": experts in fp8 or int4, or hosts that read faster" : ": hosts that read faster",
        (_, true) => ": faster hosts",
        _ => Has(plan, step.Host!.Value) switch
        {
            (true, true) => ": further hosts would take some of its experts or layers",
            (true, false) => ": a further host with attention would take some of its layers",
            _ => ": further hosts with experts would share it",
        },
    };

    private static (bool Attention, bool Experts) Has(PlacementPlan plan, HostId host) => (
        plan.Replicas.Any(replica => replica.Stages.Any(stage => stage.Host == host) || replica.Vocabulary == host),
        plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host == host)));

    /// <summary>The same hosts, twice as good in what limits the step: all where the path does, those with the same kinds of parts where one host does.</summary>
    private static PlacementRequest Twice(PlacementRequest request, PlacementPlan plan, StepPrediction step) => request with
    {
        Hosts =
        [
            .. request.Hosts.Select(host => step.OneAfterAnother || Has(plan, host.Host) == Has(plan, step.Host!.Value)
                ? host with { Speed = Twice(host.Speed, step.Resource) } : host),
        ],
    };

    private static HostSpeed Twice(HostSpeed speed, StepResource resource) => resource switch
    {
        StepResource.MemoryBandwidth => speed with { ReadBytesPerS = 2 * speed.ReadBytesPerS },
        StepResource.Flops => speed with { Bf16FlopsPerS = 2 * speed.Bf16FlopsPerS, Fp8FlopsPerS = 2 * speed.Fp8FlopsPerS },
        StepResource.LinkBandwidth => speed with { LinkBytesPerS = 2 * speed.LinkBytesPerS },
        StepResource.LinkLatency => speed with { LinkLatencyS = speed.LinkLatencyS / 2 },
        _ => speed,
    };

    /// <summary>Sequences for which the attention hosts still have room, by this layout.</summary>
    private static string Room(PlacementRequest request, PlacementPlan plan, IReadOnlyList<HostMemory> memory)
    {
        var each = Math.Max(1, request.Work.Sequences / request.Replicas);
        var tightest = memory.Where(host => host.Kv > 0).MinBy(host => (double)(host.Limit - host.Total) * each / host.Kv);
        if (tightest is null)
        {
            return "The model keeps no keys and values.";
        }

        var more = (long)((double)(tightest.Limit - tightest.Total) * each / tightest.Kv) * plan.Replicas.Length;
        return Text($"{tightest.Host} has the least room for keys and values: {more:N0} more sequences of {request.Work.Context:N0} tokens would fit this layout.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
