using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What selects pods selects those that are meant, and what is named is there.</summary>
internal static class SelectorChecks
{
    /// <summary>The container port that each service leads to, by its name: another one of the same pod may be nobody's business.</summary>
    private static readonly Dictionary<string, string> Ports = new() { ["llama4"] = "http", ["llama4-redis"] = "redis", ["llama4-engine"] = "silo", ["llama4-experts"] = "silo" };

    /// <summary>Of the service in front of the gateways, as the README forwards to it.</summary>
    private const int HttpPort = 80;

    public static IEnumerable<string> Selectors(Manifests all)
    {
        foreach (var workload in all.Workloads)
        {
            if (workload.Kind != "Job" && workload.Selector?.Match(workload.Labels) != true)
                yield return $"{workload.Name} does not select its own pods";
            foreach (var spread in workload.Pod.TopologySpreadConstraints ?? [])
                if (!OnlyOwn(all, workload, spread.LabelSelector))
                    yield return $"{workload.Name} spreads other pods than its own";
            foreach (var term in workload.Pod.Affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
                if (!OnlyOwn(all, workload, term.PodAffinityTerm.LabelSelector))
                    yield return $"{workload.Name} keeps apart from other pods than its own";
            if (all.Workloads.Count(other => other.Selector?.Match(workload.Labels) == true) > 1)
                yield return $"{workload.Name}'s pods are selected by two workloads";
        }

        foreach (var service in all.All<V1Service>())
        {
            var selected = all.Workloads.Where(one => Selects(service, one)).ToList();
            if (selected.Count != 1)
                yield return $"service {service.Metadata.Name} selects pods of {selected.Count} workloads";
            if (service.Spec.Ports is not [var port] || !Ports.TryGetValue(service.Metadata.Name, out var meant))
                yield return $"service {service.Metadata.Name} has ports that nobody is meant to reach";
            else if (selected.Any(one => Named(one, port.TargetPort) is not { } number || number != Named(one, meant)))
                yield return $"service {service.Metadata.Name} leads to the port {port.TargetPort.Value} of its pods, not to {meant}";
            else if (port.Name != meant || port.Protocol is not (null or "TCP") || selected.Any(one => port.Port != (meant == "http" ? HttpPort : Named(one, meant))))
                yield return $"service {service.Metadata.Name} listens at {port.Name} {port.Port}";
            if (service.Spec.Type is not (null or "ClusterIP") || service.Spec.ExternalIPs is not null)
                yield return $"service {service.Metadata.Name} can be reached from outside";
            var ofHosts = all.Hosts.Any(host => all.All<V1StatefulSet>().Single(set => set.Metadata.Name == host.Name).Spec.ServiceName == service.Metadata.Name);
            if (ofHosts != (service.Spec.ClusterIP == "None") || ofHosts != (service.Spec.PublishNotReadyAddresses == true))
                yield return $"service {service.Metadata.Name} {(ofHosts ? "gives its pods no names of their own, or only once they are ready" : "has no address of its own, or leads to pods that are not ready")}";
        }

        foreach (var set in all.All<V1StatefulSet>())
            if (!all.All<V1Service>().Any(service => service.Metadata.Name == set.Spec.ServiceName && Selects(service, all.Workloads.Single(one => one.Kind == "StatefulSet" && one.Name == set.Metadata.Name))))
                yield return $"{set.Metadata.Name} has no service {set.Spec.ServiceName}";
        foreach (var budget in all.All<V1PodDisruptionBudget>())
            if (!all.Workloads.Any(one => budget.Spec.Selector.Match(one.Labels)))
                yield return $"budget {budget.Metadata.Name} is for no pod";
        foreach (var policy in all.All<V1NetworkPolicy>())
            if (!all.Workloads.Any(one => policy.Spec.PodSelector.Match(one.Labels)))
                yield return $"policy {policy.Metadata.Name} is for no pod";
    }

    public static IEnumerable<string> Names(Manifests all)
    {
        foreach (var twice in all.Documents.GroupBy(one => $"{one["kind"]} {one["metadata"]!["name"]}").Where(group => group.Count() > 1))
            yield return $"{twice.Key} is there twice";
        foreach (var other in all.Documents.Where(one => (string)one["kind"]! != "Namespace" && (string?)one["metadata"]!["namespace"] != "llama4"))
            yield return $"{other["kind"]} {other["metadata"]!["name"]} is in no namespace or another";
        if (!all.All<V1Namespace>().Any(one => one.Metadata.Name == "llama4" && one.Metadata.Labels["pod-security.kubernetes.io/enforce"] == "restricted"))
            yield return "there is no namespace that refuses pods with rights";
    }

    private static bool OnlyOwn(Manifests all, Workload workload, V1LabelSelector selector) =>
        all.Workloads.All(one => selector.Match(one.Labels) == (one.Name == workload.Name));

    public static bool Selects(V1Service service, Workload workload) =>
        service.Spec.Selector.All(wanted => workload.Labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value);

    /// <summary>The container port of a name or number; null where there is none.</summary>
    public static int? Named(Workload workload, IntOrString port) =>
        (workload.Container.Ports ?? []).FirstOrDefault(one => one.Name == port.Value || $"{one.ContainerPort}" == port.Value)?.ContainerPort;
}
