using Llama4.Cluster.Placement;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Llama4.Server.Output;
using Llama4.Server.Plan;
using Llama4.Server.Serving;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>An overlay's hosts on nodes, as Kubernetes' scheduler may put them, and the plan that its leader makes of them.</summary>
internal sealed class PlacedCluster
{
    /// <param name="nodes">Of each pod, in the order of <see cref="Pods"/>.</param>
    private PlacedCluster(IReadOnlyList<(Workload Workload, HostId Host)> pods, string[] nodes, PlacementPlan plan, IReadOnlyList<HostMemory> memory, long weightBytes) =>
        (Pods, Nodes, Plan, Memory, WeightBytes) = (pods, nodes, plan, memory, weightBytes);

    public IReadOnlyList<(Workload Workload, HostId Host)> Pods { get; }

    public string[] Nodes { get; }

    public PlacementPlan Plan { get; }

    /// <summary>What the plan gives each host.</summary>
    public IReadOnlyList<HostMemory> Memory { get; }

    /// <summary>Of the checkpoint, in bf16.</summary>
    public long WeightBytes { get; }

    /// <summary>On as few nodes as the constraints of spread let it be, which is the worst for standbys.</summary>
    public static PlacedCluster Of(Manifests all)
    {
        var pods = all.Hosts.OrderBy(one => one.Name, StringComparer.Ordinal)
            .SelectMany(one => Enumerable.Range(0, one.Replicas).Select(i => (Workload: one, Host: new HostId($"{one.Name}-{i:00}")))).ToList();
        string[] nodes = [.. pods.GroupBy(pod => pod.Workload.Name).SelectMany(group => group.Select((pod, i) => $"node-{i % NodesMin(pod.Workload)}"))];
        var hosts = pods.Select((pod, i) => new HostCapacity(pod.Host, Bytes(pod.Workload, "--memory"))
        {
            Roles = RoleList.Parse(pod.Workload.Option("--roles")!)!.Value,
            Zone = pod.Workload.Environment["ZONE"] == "node-0" ? nodes[i] : pod.Workload.Environment["ZONE"], // as it is told
        });
        var first = pods[0].Workload;
        var config = PlannedModel.Load(first.Option("--model")! switch
        {
            var model when model.Contains("Scout", StringComparison.Ordinal) => "scout",
            var model when model.Contains("Maverick", StringComparison.Ordinal) => "maverick",
            var model => Path.Combine(AppContext.BaseDirectory, "models", Path.GetFileName(model)),
        });
        var request = new PlacementRequest(ModelShapes.Of(config, DType.BF16), [.. hosts], ModelShapes.Served(config, Bytes(first, "--kv-memory")), Epoch: 1)
        {
            Standbys = int.Parse(first.Option("--standby")!), Replicas = int.Parse(first.Option("--replicas")!),
        };
        var plan = PlacementPlanner.Plan(request);
        return new PlacedCluster(pods, nodes, plan, HostMemory.Of(request, plan), ParameterTable.All(config).Sum(parameter => parameter.Count * ModelShape.ElementBytes));
    }

    /// <summary>Each part of the plan with all that hold it loaded: owner and standbys.</summary>
    public IEnumerable<(string Part, HostId[] Holders)> Parts()
    {
        foreach (var layer in Plan.Layers)
            foreach (var group in layer.ExpertGroups)
                yield return ($"experts {group.First} to {group.First + group.Count - 1} of layer {layer.Layer}", [group.Host, .. group.Standbys]);
        foreach (var stage in Plan.Replicas.SelectMany(replica => replica.Stages))
            yield return ($"attention of layers {stage.FirstLayer} to {stage.FirstLayer + stage.Layers - 1}", [stage.Host, .. stage.Standbys]);
        foreach (var replica in Plan.Replicas)
            yield return ("the vocabulary", [replica.Vocabulary, .. replica.VocabularyStandbys]);
    }

    public string NodeOf(HostId host) => Nodes[Pods.ToList().FindIndex(pod => pod.Host == host)];

    public static long Bytes(Workload workload, string option) =>
        ByteSize.TryParse(workload.Option(option)!, out var bytes) ? bytes : throw new InvalidDataException($"{workload.Name}: {option} is no size");

    /// <summary>Nodes that a strict constraint asks for; without one all pods may come to one.</summary>
    private static int NodesMin(Workload workload) => (workload.Pod.TopologySpreadConstraints ?? [])
        .Where(spread => spread is { TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: "DoNotSchedule", MaxSkew: 1 }).Select(spread => spread.MinDomains ?? 1).DefaultIfEmpty(1).Max();
}
