using Llama4.Contracts;
using Llama4.Scheduling;
using Llama4.Server.Output;

namespace Llama4.Server.Plan;

/// <summary>Hosts of one kind, as pods of one StatefulSet: each may take the other's place.</summary>
/// <param name="Component">engine or experts, as in deploy/k8s/base.</param>
/// <param name="Roles">Of each pod; none of what the plan gives to no host of this kind.</param>
/// <param name="MemoryBytes">Most bytes that a plan gives to a pod.</param>
/// <param name="PlannedBytes">What this plan gives to the fullest of them.</param>
/// <param name="Resource">One of them for each pod; null for a CPU.</param>
/// <param name="Device">Which that is; null where any of several will do.</param>
internal sealed record KubernetesWorkload(string Component, HostRoles Roles, int Pods, long MemoryBytes, long PlannedBytes, string? Resource, string? Device)
{
    public const string Engine = "engine";
    public const string Experts = "experts";

    /// <summary>Hosts that the plan gives attention, vocabulary or an engine, as owner or as standby; and the others. See <see cref="ComponentsOf"/>.</summary>
    /// <exception cref="UsageException">Hosts of one kind have different devices.</exception>
    public static IReadOnlyList<KubernetesWorkload> Of(PlacementPlan plan, IReadOnlyList<ListedHost> hosts, IReadOnlyList<HostMemory> memory)
    {
        var held = memory.ToDictionary(host => host.Host);
        var components = ComponentsOf(plan, hosts);
        return
        [
            .. hosts
                .Select(host => (Host: host, Parts: PlanParts.Of(plan, host.Capacity.Host)))
                .GroupBy(one => components[one.Host.Capacity.Host])
                .OrderBy(kind => kind.Key, StringComparer.Ordinal)
                .Select(kind => new KubernetesWorkload(
                    kind.Key,
                    RolesOf(kind.Key, kind.Any(one => one.Parts.Experts.Count > 0)),
                    kind.Count(),
                    kind.Min(one => one.Host.Capacity.Bytes),
                    kind.Max(one => held[one.Host.Capacity.Host].Total),
                    ResourceOf(kind.Key, [.. kind.Select(one => one.Host)]),
                    kind.Select(one => one.Host.Device).Distinct().ToArray() is [var device] ? device : null)),
        ];
    }

    /// <summary>
    /// Of which kind each host is. Where some devices have nothing but experts, hosts of the others are all of one kind, so that pods of a kind can be told which nodes are theirs.
    /// </summary>
    public static IReadOnlyDictionary<HostId, string> ComponentsOf(PlacementPlan plan, IReadOnlyList<ListedHost> hosts)
    {
        var engines = hosts.Where(host => !IsOfExperts(plan, host.Capacity.Host)).Select(host => host.Device).ToHashSet();
        var byDevice = hosts.Any(host => !engines.Contains(host.Device));
        return hosts.ToDictionary(
            host => host.Capacity.Host, host => (byDevice ? !engines.Contains(host.Device) : IsOfExperts(plan, host.Capacity.Host)) ? Experts : Engine);
    }

    private static bool IsOfExperts(PlacementPlan plan, HostId host) => PlanParts.Of(plan, host) is { Layers.Count: 0, Vocabulary: false };

    private static HostRoles RolesOf(string component, bool experts) => component == Engine
        ? HostRoles.Engine | HostRoles.Attention | HostRoles.Vocabulary | (experts ? HostRoles.Experts : HostRoles.None)
        : HostRoles.Experts;

    private static string? ResourceOf(string component, IReadOnlyList<ListedHost> hosts) =>
        hosts.Select(host => host.Resource).Distinct().ToArray() is [var one]
            ? one
            : throw new UsageException(
                $"--kubernetes: expected hosts of one kind of device among those for {component}, found {string.Join(" and ", hosts.Select(host => host.Device).Distinct())}; roles in a hosts file divide them");
}
