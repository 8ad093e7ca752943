using System.Net;
using System.Net.Sockets;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Hosting.Kubernetes;

namespace Llama4.Cluster.Hosting;

/// <summary>
/// The pod that this process is the container of, as the downward API tells it: the host's name and its address are the pod's. Orleans' own
/// agent, which asks the Kubernetes API who lives, is left out: it takes a silo whose name is not its pod's for dead, and ours are named anew
/// at each start; our own beats tell of a death in tenths of a second, and without the agent no pod needs a token (docs/decisions/kubernetes.md).
/// </summary>
internal sealed record KubernetesPod(string Name, string Namespace, IPAddress Address)
{
    private static readonly string[] Variables =
    [
        KubernetesHostingOptions.PodNameEnvironmentVariable, KubernetesHostingOptions.PodNamespaceEnvironmentVariable, KubernetesHostingOptions.PodIPEnvironmentVariable,
    ];

    /// <summary>Null outside of Kubernetes.</summary>
    /// <exception cref="ClusterRequestException">Only some of the variables are there, or one is not what it should be; one line.</exception>
    public static KubernetesPod? OfEnvironment(Func<string, string?> variable)
    {
        string?[] values = [.. Variables.Select(variable)];
        if (values.All(string.IsNullOrEmpty))
            return null;
        if (values is not [{ Length: > 0 } name, { Length: > 0 } space, { Length: > 0 } ip])
            throw new ClusterRequestException(
                $"a pod is told by {string.Join(", ", Variables)} together, found no {string.Join(" and no ", Variables.Where((_, i) => string.IsNullOrEmpty(values[i])))}");
        return IPAddress.TryParse(ip, out var address) && address.AddressFamily == AddressFamily.InterNetwork
            ? new KubernetesPod(name, space, address)
            : throw new ClusterRequestException($"{KubernetesHostingOptions.PodIPEnvironmentVariable}: expected the pod's IPv4 address, found '{ip}'");
    }

    /// <summary>Identity and address as Orleans reads them from the same variables; what is configured after this goes before it.</summary>
    public static void AddTo(ISiloBuilder silo)
    {
        silo.UseKubernetesHosting();
        foreach (var agent in silo.Services.Where(service => service.ImplementationType == typeof(KubernetesClusterAgent)).ToList())
            silo.Services.Remove(agent);
    }
}
