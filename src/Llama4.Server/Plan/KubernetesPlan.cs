using Llama4.Cluster.Placement;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Server.Plan;

/// <summary>A plan for pods: the hosts in at most two kinds that are alike, each with the roles that its kind has, and planned as the cluster's leader will plan it.</summary>
/// <param name="KvBytes">Of each replica over all layers: what <c>--kv-memory</c> is told.</param>
/// <param name="Nodes">Fewest that the pods of a kind must be spread over for every part to have a standby on another node than its owner.</param>
internal sealed record KubernetesPlan(PlanReport Report, IReadOnlyList<KubernetesWorkload> Workloads, long KvBytes, int Nodes)
{
    /// <summary>Roles narrow a plan, which may change who has which; it has settled in two rounds wherever it was tried.</summary>
    private const int RoundsMax = 8;

    /// <exception cref="PlacementException">It fits no longer when hosts of a kind are alike.</exception>
    /// <exception cref="UsageException">Hosts of a kind have different devices.</exception>
    public static KubernetesPlan Of(PlanReport report, Llama4Config config)
    {
        var kvBytes = report.Prediction.Memory.Sum(host => host.Kv) / report.Request.Replicas;
        var (plan, memory, hosts) = (report.Plan, report.Prediction.Memory, report.Hosts);
        IReadOnlyList<KubernetesWorkload> workloads = [];
        for (var round = 0; round < RoundsMax; round++)
        {
            var found = KubernetesWorkload.Of(plan, hosts, memory);
            if (workloads.Select(one => one with { PlannedBytes = 0 }).SequenceEqual(found.Select(one => one with { PlannedBytes = 0 })))
            {
                return new KubernetesPlan(report, Covering(found, hosts, plan, Request), kvBytes, NodesOf(found, hosts, plan, Request));
            }

            workloads = found;
            var components = KubernetesWorkload.ComponentsOf(plan, hosts);
            hosts = [.. hosts.Select(host => host with { Capacity = Narrowed(host.Capacity, workloads.Single(one => one.Component == components[host.Capacity.Host])) })];
            var request = Request([.. hosts.Select(host => host.Capacity)]);
            plan = PlacementPlanner.Plan(request);
            memory = HostMemory.Of(request, plan);
        }

        throw new UsageException($"--kubernetes: no kinds of hosts were found in {RoundsMax} rounds that a plan keeps to; roles in a hosts file say which have what");

        PlacementRequest Request(IReadOnlyList<HostCapacity> capacities) => new(ModelShapes.Of(config, DType.BF16), capacities, ModelShapes.Served(config, kvBytes), Epoch: 1)
        {
            Standbys = report.Request.Standbys, Replicas = report.Request.Replicas,
        };
    }

    /// <summary>A leader knows of speeds what it has measured: what pods ask for is enough by the figures that were given, and by memory alone.</summary>
    private static IReadOnlyList<KubernetesWorkload> Covering(
        IReadOnlyList<KubernetesWorkload> workloads, IReadOnlyList<ListedHost> hosts, PlacementPlan plan, Func<IReadOnlyList<HostCapacity>, PlacementRequest> request)
    {
        var components = KubernetesWorkload.ComponentsOf(plan, hosts);
        var byMemory = request([.. hosts.Select(host => host.Capacity with { Speed = HostSpeed.Unknown })]);
        var most = HostMemory.Of(byMemory, PlacementPlanner.Plan(byMemory)).GroupBy(host => components[host.Host]).ToDictionary(kind => kind.Key, kind => kind.Max(host => host.Total));
        return [.. workloads.Select(one => one with { PlannedBytes = Math.Max(one.PlannedBytes, most[one.Component]) })];
    }

    /// <summary>
    /// With hosts that are nearly full a standby does not always find room on another node: of five hosts on two nodes, those of the node with three
    /// have more than the other two can hold beside their own.
    /// </summary>
    private static int NodesOf(
        IReadOnlyList<KubernetesWorkload> workloads, IReadOnlyList<ListedHost> hosts, PlacementPlan plan, Func<IReadOnlyList<HostCapacity>, PlacementRequest> request)
    {
        var most = workloads.Max(one => one.Pods);
        var components = KubernetesWorkload.ComponentsOf(plan, hosts);
        for (var nodes = Math.Min(2, most); nodes < most; nodes++)
        {
            HostCapacity[] placed =
            [
                .. hosts.GroupBy(host => components[host.Capacity.Host]).SelectMany(kind => kind.Select((host, i) => host.Capacity with { Zone = $"node-{i % nodes}" })),
            ];
            try
            {
                if (Survives(PlacementPlanner.Plan(request(placed)), placed.ToDictionary(host => host.Host, host => host.Zone)))
                {
                    return nodes;
                }
            }
            catch (PlacementException)
            {
                // What fits without nodes may not fit when they are heeded: then it wants more of them.
            }
        }

        return most;
    }

    /// <summary>Whatever node is lost, every part that has standbys has one elsewhere.</summary>
    private static bool Survives(PlacementPlan plan, Dictionary<HostId, string> zones)
    {
        var stages = plan.Replicas.SelectMany(replica => replica.Stages);
        return plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => (group.Host, group.Standbys))
            .Concat(stages.Select(stage => (stage.Host, stage.Standbys)))
            .Concat(plan.Replicas.Select(replica => (Host: replica.Vocabulary, Standbys: replica.VocabularyStandbys)))
            .All(part => part.Standbys.Length == 0 || part.Standbys.Any(standby => zones[standby] != zones[part.Host]));
    }

    private static HostCapacity Narrowed(HostCapacity host, KubernetesWorkload workload) =>
        new(host.Host, workload.MemoryBytes) { Roles = workload.Roles, Zone = host.Zone, Speed = host.Speed };
}
