using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a host must load to serve a plan or to stand by for it, having served another.</summary>
public sealed record HostLoad(HostId Host, PlanParts Parts);

/// <summary>What changes between two plans.</summary>
public static class PlanDifference
{
    /// <summary>Parts that a host has in <paramref name="next"/> and not in <paramref name="previous"/>; hosts with nothing to load are left out.</summary>
    /// <param name="previous">Null for none.</param>
    public static IReadOnlyList<HostLoad> Between(PlacementPlan? previous, PlacementPlan next) =>
    [
        .. HostsOf(next).OrderBy(host => host.Name, StringComparer.Ordinal)
            .Select(host => new HostLoad(host, previous is null ? PlanParts.Of(next, host) : PlanParts.Of(next, host).Except(PlanParts.Of(previous, host))))
            .Where(load => !load.Parts.IsEmpty),
    ];

    /// <summary>Those that the plan gives weights.</summary>
    private static HashSet<HostId> HostsOf(PlacementPlan plan) =>
    [
        .. plan.Replicas.SelectMany(replica => replica.VocabularyStandbys.Append(replica.Vocabulary)),
        .. plan.Replicas.SelectMany(replica => replica.Stages).SelectMany(stage => stage.Standbys.Append(stage.Host)),
        .. plan.Layers.SelectMany(layer => layer.ExpertGroups).SelectMany(group => group.Standbys.Append(group.Host).Concat(group.Hot.Select(hot => hot.SecondOwner))),
    ];
}
