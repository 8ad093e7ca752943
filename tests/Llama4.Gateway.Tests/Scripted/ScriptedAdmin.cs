using Llama4.Contracts;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>A cluster's administration as a script: two hosts, one of them gone silent, and what was asked of it.</summary>
internal sealed class ScriptedAdmin : IClusterAdmin
{
    public static readonly HostId Center = new("center-k3f9");
    public static readonly HostId Worker = new("worker-a1b2");

    public List<string> Asked { get; } = [];

    /// <summary>Thrown by whatever is asked; null for nothing.</summary>
    public Exception? Failure { get; set; }

    public ClusterStatus Status { get; set; } = new(
        Epoch: 7,
        Leader: Center,
        Plan: new PlacementPlan(7, Center, Center, [.. Enumerable.Range(0, 4).Select(layer => new LayerPlacement(
            layer,
            Center,
            layer % 2 == 0 ? [] : [new ExpertGroupPlacement(0, 0, 8, Worker) { Standbys = [Center], Hot = [new HotExpert(5, Center)] }, new ExpertGroupPlacement(1, 8, 8, Center)]))]) { Hosts = [Center, Worker] },
        Waiting: "worker-a1b2 lacks 1,024 bytes",
        Hosts:
        [
            new HostStatus(
                Center, HostCondition.Alive, 4711, "10.0.0.1:11111", HostRoles.Any, "rack-1", 7, 217_000_000, 640_000_000, 1234.5,
                [new EngineStatus(Running: 3, Waiting: 2, KvBlocksUsed: 10, KvBlocks: 40, TokensGenerated: 1000, PromptTokens: 200, CachedTokens: 100)]),
            new HostStatus(Worker, HostCondition.Suspected, 4712, "10.0.0.2:11111", HostRoles.Experts | HostRoles.Vocabulary, "", 6, 96_000_000, 128_000_000, 0, []),
        ],
        Faults: [new ClusterFault(new DateTimeOffset(2026, 11, 25, 5, 0, 0, TimeSpan.Zero), Worker, "silent for 120 ms: suspected")]);

    public ValueTask<ClusterStatus> StatusAsync(CancellationToken cancellation) => Failure is null ? new(Status) : throw Failure;

    public ValueTask DrainAsync(HostId host, CancellationToken cancellation)
    {
        Asked.Add($"drain {host}");
        return Failure is null ? ValueTask.CompletedTask : throw Failure;
    }

    public ValueTask<long> RebalanceAsync(CancellationToken cancellation)
    {
        Asked.Add("rebalance");
        return Failure is null ? new(8) : throw Failure;
    }
}
