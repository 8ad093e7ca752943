using k8s.Models;
using Llama4.Gateway;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What pods ask for is what the plan gives them.</summary>
internal static class ResourceChecks
{
    /// <summary>A byte of a body costs up to five (<see cref="GatewayLimits.BodyBytesTotalMax"/>); the process 512 MiB.</summary>
    private static readonly long GatewayBytes = (5 * new GatewayLimits().BodyBytesTotalMax) + (512L << 20);

    public static IEnumerable<string> Memory(Manifests all)
    {
        var placed = PlacedCluster.Of(all);
        foreach (var workload in all.Workloads)
        {
            var (requests, limits) = (workload.Container.Resources?.Requests, workload.Container.Resources?.Limits);
            if (requests?.ContainsKey("cpu") != true || requests.ContainsKey("memory") != true || limits?.ContainsKey("memory") != true)
            {
                yield return $"{workload.Name} does not say what it takes";
                continue;
            }

            foreach (var key in requests.Keys.Where(key => limits.ContainsKey(key) && requests[key].ToDecimal() > limits[key].ToDecimal()))
                yield return $"{workload.Name} asks for more {key} than it may have";
            foreach (var device in limits.Keys.Union(requests.Keys).Where(key => key.Contains('/')))
            {
                if (!limits.ContainsKey(device) || !requests.ContainsKey(device) || Bytes(limits, device) != Bytes(requests, device))
                    yield return $"{workload.Name} asks for another number of {device} than it may have";
                if (!(workload.Pod.Tolerations ?? []).Any(toleration => toleration is { OperatorProperty: "Exists", Effect: null or "NoSchedule" } && toleration.Key == device))
                    yield return $"{workload.Name} is not let on nodes with {device}";
            }
        }

        foreach (var gateway in all.Servers.Where(one => one.Component == "gateway" && Bytes(one.Container.Resources.Limits, "memory") < GatewayBytes))
            yield return $"{gateway.Name} may be ended for the bodies that it takes";
        foreach (var host in all.Hosts)
        {
            if (Bytes(host.Container.Resources.Limits, "memory") < PlacedCluster.Bytes(host, "--memory"))
                yield return $"{host.Name} may own more than its pod may hold";
            if (Bytes(host.Container.Resources.Requests, "memory") < placed.Memory.Where(one => placed.Pods.Any(pod => pod.Host == one.Host && pod.Workload.Name == host.Name)).Max(one => one.Total))
                yield return $"{host.Name} asks for less than the plan gives it";
            if (host.Option("--threads") != $"{Math.Ceiling(host.Container.Resources.Requests["cpu"].ToDecimal())}")
                yield return $"{host.Name} computes with another number of threads than it asks for";
        }

        if (placed.Pods.Count != all.Hosts.Sum(host => host.Replicas) || !placed.Plan.Hosts.Any())
            yield return "the plan has no hosts";
    }

    /// <summary>Pods that the plan is for have one device each, all or none.</summary>
    public static IEnumerable<string> Devices(Manifests all)
    {
        var devices = all.Hosts.Select(host => host.Container.Resources.Limits.Keys.FirstOrDefault(key => key.Contains('/'))).Distinct().ToList();
        if (devices.Count > 1)
            yield return $"some hosts have a device and some have none";
    }

    private static decimal Bytes(IDictionary<string, ResourceQuantity> quantities, string key) => quantities[key].ToDecimal();
}
