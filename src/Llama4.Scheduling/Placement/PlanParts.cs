using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>Weights of a host: each part once, however many replicas or groups use it.</summary>
/// <param name="Layers">Attention with norms, router, shared expert or dense feed-forward.</param>
/// <param name="Experts">Routed experts.</param>
public sealed record PlanParts(IReadOnlySet<int> Layers, IReadOnlySet<(int Layer, int Expert)> Experts, bool Vocabulary)
{
    public bool IsEmpty => Layers.Count == 0 && Experts.Count == 0 && !Vocabulary;

    /// <summary>What the host holds by a plan, as owner or as standby.</summary>
    public static PlanParts Of(PlacementPlan plan, HostId host) => Of(
        plan,
        replica => replica.Vocabulary == host || replica.VocabularyStandbys.Contains(host),
        stage => stage.Host == host || stage.Standbys.Contains(host),
        group => group.Host == host || group.Standbys.Contains(host),
        host);

    /// <summary>What it serves.</summary>
    public static PlanParts OwnedBy(PlacementPlan plan, HostId host) =>
        Of(plan, replica => replica.Vocabulary == host, stage => stage.Host == host, group => group.Host == host, host);

    /// <summary>What of this is not in <paramref name="other"/>.</summary>
    public PlanParts Except(PlanParts other) => new(
        Layers.Where(layer => !other.Layers.Contains(layer)).ToHashSet(),
        Experts.Where(expert => !other.Experts.Contains(expert)).ToHashSet(),
        Vocabulary && !other.Vocabulary);

    /// <param name="secondOwner">Whose hot experts count besides.</param>
    private static PlanParts Of(
        PlacementPlan plan, Func<ReplicaPlacement, bool> vocabulary, Func<StagePlacement, bool> stages, Func<ExpertGroupPlacement, bool> groups, HostId secondOwner)
    {
        var layers = plan.Replicas.SelectMany(replica => replica.Stages).Where(stages)
            .SelectMany(stage => Enumerable.Range(stage.FirstLayer, stage.Layers));
        var experts = plan.Layers.SelectMany(layer => layer.ExpertGroups.Where(groups)
            .SelectMany(group => Enumerable.Range(group.First, group.Count).Select(expert => (layer.Layer, expert))));
        var hot = plan.Layers.SelectMany(layer => layer.ExpertGroups.SelectMany(group => group.Hot)
            .Where(hot => hot.SecondOwner == secondOwner).Select(hot => (layer.Layer, hot.Expert)));
        return new PlanParts(layers.ToHashSet(), experts.Concat(hot).ToHashSet(), plan.Replicas.Any(vocabulary));
    }
}
