using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a host holds by a plan, in bytes.</summary>
public sealed record HostMemory(HostId Host, long Limit)
{
    /// <summary>Attention, norms, routers, shared experts, dense feed-forwards.</summary>
    public long AttentionWeights { get; private init; }

    public long VocabularyWeights { get; private init; }

    public long ExpertWeights { get; private init; }

    /// <summary>Weights of any part that only other hosts serve.</summary>
    public long StandbyWeights { get; private init; }

    public long Kv { get; private init; }

    public long Buffers { get; private init; }

    public long Weights => AttentionWeights + VocabularyWeights + ExpertWeights + StandbyWeights;

    public long Total => Weights + Kv + Buffers;

    /// <summary>Of every host of the request, also of those the plan gives nothing.</summary>
    public static IReadOnlyList<HostMemory> Of(PlacementRequest request, PlacementPlan plan)
    {
        var parts = new PartBytes(request.Shape, request.Work);
        return [.. request.Hosts.OrderBy(host => host.Host.Name, StringComparer.Ordinal).Select(host => Of(host, plan, parts))];
    }

    private static HostMemory Of(HostCapacity host, PlacementPlan plan, PartBytes parts)
    {
        var owned = PlanParts.OwnedBy(plan, host.Host);
        var standby = PlanParts.Of(plan, host.Host).Except(owned);
        var experts = owned.Experts.Count + standby.Experts.Count;
        return new HostMemory(host.Host, host.Bytes)
        {
            AttentionWeights = owned.Layers.Sum(parts.AttentionWeights),
            VocabularyWeights = owned.Vocabulary ? parts.Vocabulary : 0,
            ExpertWeights = owned.Experts.Sum(expert => parts.Experts(expert.Layer, 1)),
            StandbyWeights = standby.Layers.Sum(parts.AttentionWeights) + (standby.Vocabulary ? parts.Vocabulary : 0)
                + standby.Experts.Sum(expert => parts.Experts(expert.Layer, 1)),
            // Each replica has keys and values of its own.
            Kv = plan.Replicas.SelectMany(replica => replica.Stages).Where(stage => stage.Host == host.Host)
                .Sum(stage => Enumerable.Range(stage.FirstLayer, stage.Layers).Sum(parts.Kv)),
            Buffers = (owned.Layers.Count > 0 ? parts.AttentionBuffers : 0)
                + (owned.Vocabulary ? parts.VocabularyBuffers : 0)
                + (experts > 0 ? parts.ExpertBuffers : 0),
        };
    }
}
