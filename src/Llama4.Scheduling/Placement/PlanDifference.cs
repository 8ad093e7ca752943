using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a host must load to serve a plan, having served another.</summary>
/// <param name="Attention">Replica and layer.</param>
/// <param name="Experts">Layer and expert, owned or as standby.</param>
/// <param name="Vocabularies">Replicas.</param>
public sealed record HostLoad(
    HostId Host, IReadOnlyList<(int Replica, int Layer)> Attention, IReadOnlyList<(int Layer, int Expert)> Experts, IReadOnlyList<int> Vocabularies);

/// <summary>What changes between two plans.</summary>
public static class PlanDifference
{
    /// <summary>Parts that a host has in <paramref name="next"/> and not in <paramref name="previous"/>; hosts with nothing to load are left out.</summary>
    /// <param name="previous">Null for none.</param>
    public static IReadOnlyList<HostLoad> Between(PlacementPlan? previous, PlacementPlan next)
    {
        var before = previous is null ? [] : Parts(previous).ToHashSet();
        return
        [
            .. Parts(next).Where(part => !before.Contains(part)).GroupBy(part => part.Host).OrderBy(host => host.Key.Name, StringComparer.Ordinal)
                .Select(host => new HostLoad(
                    host.Key,
                    [.. host.Where(part => part.Kind == Kind.Attention).Select(part => (part.First, part.Second))],
                    [.. host.Where(part => part.Kind == Kind.Expert).Select(part => (part.First, part.Second))],
                    [.. host.Where(part => part.Kind == Kind.Vocabulary).Select(part => part.First)])),
        ];
    }

    private enum Kind
    {
        Attention,
        Expert,
        Vocabulary,
    }

    private static IEnumerable<(HostId Host, Kind Kind, int First, int Second)> Parts(PlacementPlan plan)
    {
        foreach (var replica in plan.Replicas)
        {
            yield return (replica.Vocabulary, Kind.Vocabulary, replica.Replica, 0);
            foreach (var stage in replica.Stages)
            {
                for (var layer = stage.FirstLayer; layer < stage.FirstLayer + stage.Layers; layer++)
                {
                    yield return (stage.Host, Kind.Attention, replica.Replica, layer);
                }
            }
        }

        foreach (var layer in plan.Layers)
        {
            foreach (var group in layer.ExpertGroups)
            {
                foreach (var host in (HostId[])[group.Host, .. group.Standbys])
                {
                    for (var expert = group.First; expert < group.First + group.Count; expert++)
                    {
                        yield return (host, Kind.Expert, layer.Layer, expert);
                    }
                }
            }
        }
    }
}
