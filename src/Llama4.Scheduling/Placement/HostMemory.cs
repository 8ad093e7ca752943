using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a host holds by a plan, in bytes.</summary>
public sealed record HostMemory(HostId Host, long Limit)
{
    /// <summary>Attention, norms, routers, shared experts, dense feed-forwards.</summary>
    public long AttentionWeights { get; private set; }

    public long VocabularyWeights { get; private set; }

    public long ExpertWeights { get; private set; }

    /// <summary>Experts of which another host is the owner.</summary>
    public long StandbyWeights { get; private set; }

    public long Kv { get; private set; }

    public long Buffers { get; private set; }

    public long Weights => AttentionWeights + VocabularyWeights + ExpertWeights + StandbyWeights;

    public long Total => Weights + Kv + Buffers;

    /// <summary>Of every host of the request, also of those the plan gives nothing.</summary>
    public static IReadOnlyList<HostMemory> Of(PlacementRequest request, PlacementPlan plan)
    {
        var parts = new PartBytes(request.Shape, request.Work);
        HostMemory[] all = [.. request.Hosts.OrderBy(host => host.Host.Name, StringComparer.Ordinal).Select(host => new HostMemory(host.Host, host.Bytes))];
        var hosts = all.ToDictionary(host => host.Host);
        foreach (var replica in plan.Replicas)
        {
            hosts[replica.Vocabulary].VocabularyWeights += parts.Vocabulary;
            foreach (var layer in plan.Layers)
            {
                var host = hosts[replica.StageOf(layer.Layer).Host];
                host.AttentionWeights += request.Shape.Layers[layer.Layer].AttentionBytes;
                host.Kv += parts.Kv(layer.Layer);
            }
        }

        foreach (var layer in plan.Layers)
        {
            foreach (var group in layer.ExpertGroups)
            {
                hosts[group.Host].ExpertWeights += parts.Experts(layer.Layer, group.Count);
                foreach (var standby in group.Standbys)
                {
                    hosts[standby].StandbyWeights += parts.Experts(layer.Layer, group.Count);
                }
            }
        }

        foreach (var host in all)
        {
            host.Buffers = (host.AttentionWeights > 0 ? parts.AttentionBuffers : 0)
                + (host.VocabularyWeights > 0 ? parts.VocabularyBuffers : 0)
                + (host.ExpertWeights + host.StandbyWeights > 0 ? parts.ExpertBuffers : 0);
        }

        return all;
    }
}
