using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>The weights that a host holds by a plan, as owner or as standby: each part once, however many replicas or groups use it.</summary>
/// <param name="Layers">Attention with norms, router, shared expert or dense feed-forward.</param>
/// <param name="Experts">Routed experts.</param>
public sealed record PlanParts(IReadOnlySet<int> Layers, IReadOnlySet<(int Layer, int Expert)> Experts, bool Vocabulary)
{
    public static PlanParts Of(PlacementPlan plan, HostId host)
    {
        var layers = plan.Replicas.SelectMany(replica => replica.Stages).Where(stage => stage.Host == host)
            .SelectMany(stage => Enumerable.Range(stage.FirstLayer, stage.Layers));
        var experts = plan.Layers.SelectMany(layer => layer.ExpertGroups
            .Where(group => group.Host == host || group.Standbys.Contains(host))
            .SelectMany(group => Enumerable.Range(group.First, group.Count).Select(expert => (layer.Layer, expert))));
        return new PlanParts(layers.ToHashSet(), experts.ToHashSet(), plan.Replicas.Any(replica => replica.Vocabulary == host));
    }
}
