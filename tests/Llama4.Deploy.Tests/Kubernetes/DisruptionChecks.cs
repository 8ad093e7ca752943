using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Nodes may be emptied, and nothing is lost by it or by the loss of one.</summary>
internal static class DisruptionChecks
{
    public static IEnumerable<string> Budgets(Manifests all)
    {
        var placed = PlacedCluster.Of(all);
        foreach (var workload in all.Servers)
        {
            var budgets = Budgets(all, workload).ToList();
            if (budgets.Count != 1) // with two the eviction API refuses every eviction
                yield return $"{workload.Name} has {budgets.Count} budgets";
            else if (Allowed(budgets[0], Covered(all, budgets[0]), gone: 0) < 1)
                yield return $"{workload.Name}'s pods may not be evicted: no node can be emptied";
        }

        // A host that is not ready yet may be the one that all wait for: it goes when nobody else is away.
        foreach (var budget in all.All<V1PodDisruptionBudget>().Where(one => one.Spec.UnhealthyPodEvictionPolicy is not (null or "IfHealthyBudget")))
            yield return $"{budget.Metadata.Name} lets go any number that are not ready";
        foreach (var (part, holders) in placed.Parts().Where(part => part.Holders.Length > 1))
        {
            var evicted = new List<Workload>();
            foreach (var workload in holders.Select(holder => placed.Pods.Single(pod => pod.Host == holder).Workload))
                if (Budgets(all, workload).ToList() is var budgets && budgets.All(budget => Allowed(budget, Covered(all, budget), evicted.Count(other => budget.Spec.Selector.Match(other.Labels))) > 0))
                    evicted.Add(workload);
            if (evicted.Count == holders.Length)
            {
                yield return $"all that hold {part} may be evicted at once";
                yield break;
            }
        }

        foreach (var gateway in all.Servers.Where(one => one.Component == "gateway"))
            if (gateway.Replicas < 2 || Budgets(all, gateway).Any(budget => Allowed(budget, gateway.Replicas, gateway.Replicas - 1) > 0))
                yield return $"{gateway.Name}: the last one may be evicted";
    }

    /// <summary>Where it asks for nodes: one of them may be lost.</summary>
    public static IEnumerable<string> Spread(Manifests all)
    {
        var placed = PlacedCluster.Of(all);
        if (placed.Plan.Layers.Length == 0)
            yield return "there is no plan";
        if (all.Hosts.Any(host => host.Option("--standby") is null or "0"))
            yield return "there are no standbys";
        foreach (var (part, holders) in placed.Parts().Where(part => part.Holders.Select(placed.NodeOf).Distinct().Count() < 2).Take(1))
            yield return $"all that hold {part} are on {placed.NodeOf(holders[0])}";
        foreach (var workload in all.Servers.Where(one => one.Pod.NodeName is not null))
            yield return $"{workload.Name}'s pods are all on {workload.Pod.NodeName}";
        foreach (var workload in all.Servers.Where(one => one.Pod.Affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution is not [{ PodAffinityTerm.TopologyKey: "kubernetes.io/hostname" }]))
            yield return $"{workload.Name}'s pods do not keep apart";
        foreach (var workload in all.Servers.Where(one => one.Component == "gateway" && one.Pod.TopologySpreadConstraints is not [{ TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: "ScheduleAnyway", MaxSkew: 1 }]))
            yield return $"{workload.Name}'s pods are not spread";
    }

    /// <summary>A change goes from host to host.</summary>
    public static IEnumerable<string> Rollout(Manifests all)
    {
        foreach (var set in all.All<V1StatefulSet>().Where(set => set.Spec.UpdateStrategy is { } strategy && (strategy.Type == "OnDelete" || strategy.RollingUpdate?.MaxUnavailable is not null || strategy.RollingUpdate?.Partition is > 0)))
            yield return $"{set.Metadata.Name} changes several at a time, or none";
        foreach (var set in all.All<V1StatefulSet>().Where(set => all.Hosts.Any(host => host.Name == set.Metadata.Name) && set.Spec.PodManagementPolicy != "Parallel"))
            yield return $"{set.Metadata.Name} starts one after the other, and no host is ready before all are there";
        foreach (var deployment in all.All<V1Deployment>().Where(one => one.Spec.Strategy?.RollingUpdate?.MaxUnavailable?.Value != "0"))
            yield return $"{deployment.Metadata.Name} has fewer gateways while it changes";
        foreach (var deployment in all.All<V1Deployment>().Where(one => one.Spec.Paused == true || one.Spec.Strategy is { Type: not (null or "RollingUpdate") } or { RollingUpdate.MaxSurge.Value: "0" or "0%" }))
            yield return $"{deployment.Metadata.Name} does not change, or all at once";
    }

    private static IEnumerable<V1PodDisruptionBudget> Budgets(Manifests all, Workload workload) =>
        all.All<V1PodDisruptionBudget>().Where(budget => budget.Spec.Selector.Match(workload.Labels));

    private static int Covered(Manifests all, V1PodDisruptionBudget budget) => all.Workloads.Where(one => budget.Spec.Selector.Match(one.Labels)).Sum(one => one.Replicas);

    /// <summary>How many more of them may be evicted while some are away.</summary>
    private static int Allowed(V1PodDisruptionBudget budget, int pods, int gone) => (budget.Spec.MaxUnavailable, budget.Spec.MinAvailable) switch
    {
        ({ } max, null) => Count(max, pods) - gone,
        (null, { } min) => pods - gone - Count(min, pods),
        _ => throw new InvalidDataException($"budget {budget.Metadata.Name} has neither or both of its figures"),
    };

    /// <summary>Shares are rounded up, as Kubernetes does.</summary>
    private static int Count(IntOrString value, int pods) =>
        value.Value.EndsWith('%') ? (int)Math.Ceiling(pods * int.Parse(value.Value[..^1]) / 100.0) : int.Parse(value.Value);
}
