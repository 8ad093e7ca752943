using Llama4.Cluster.Tests;
using Llama4.Contracts;
using Llama4.FaultBench;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Processes;

/// <summary>Which processes there are: a front with the vocabulary and an engine, hosts of attention, hosts of experts.</summary>
/// <param name="Name">For people.</param>
/// <param name="Roles">A process each.</param>
/// <param name="Stages">Of each replica, that the plan is to have; more by up to <paramref name="Spare"/> where spare hosts of attention get layers too.</param>
/// <param name="Spare">Hosts of attention more than the stages need: one may be lost.</param>
internal sealed record Spread(string Name, HostRoles[] Roles, int Stages, int Replicas = 1, int Spare = 0)
{
    private const HostRoles Front = HostRoles.Engine | HostRoles.Vocabulary;
    private const long Plenty = 1L << 30;

    public static Spread One { get; } = new("1 process", [Front | HostRoles.Attention | HostRoles.Experts], 1);

    public static Spread Two { get; } = new("2 processes", [Front | HostRoles.Attention, HostRoles.Experts], 1);

    /// <summary>Each has room for all of it, so either can go on alone; what a plan over both gives to whom depends on who was there first.</summary>
    public static Spread Twins { get; } = new("2 whole processes", [Front | HostRoles.Attention | HostRoles.Experts, Front | HostRoles.Attention | HostRoles.Experts], 1);

    public static Spread Four { get; } = Of("4 processes", stages: 2, experts: 2, frontHasAttention: true);

    public static Spread Eight { get; } = Of("8 processes", stages: 2, experts: 5);

    public static Spread Sixteen { get; } = Of("16 processes", stages: 4, experts: 11);

    public static Spread TwoReplicas { get; } = new(
        "4 processes, 2 replicas", [Front | HostRoles.Attention, Front | HostRoles.Attention, HostRoles.Experts, HostRoles.Experts], 1, Replicas: 2);

    /// <summary>An expert host and a host of attention may be lost one after the other.</summary>
    public static Spread Faulty { get; } = Of("8 processes, to lose some", stages: 2, experts: 4, spare: 1);

    public int Experts => Roles.Count(one => one.HasFlag(HostRoles.Experts));

    /// <summary>Memory of each: hosts of attention have so little where there are to be several stages that one cannot have them all.</summary>
    public long[] Bytes()
    {
        if (Stages == 1)
            return [.. Roles.Select(_ => Plenty)];
        var least = LeastBytes();
        return [.. Roles.Select(one => one.HasFlag(HostRoles.Attention) ? least : Plenty)];
    }

    private static Spread Of(string name, int stages, int experts, bool frontHasAttention = false, int spare = 0) => new(
        name,
        [
            frontHasAttention ? Front | HostRoles.Attention : Front,
            .. Enumerable.Repeat(HostRoles.Attention, stages + spare - (frontHasAttention ? 1 : 0)),
            .. Enumerable.Repeat(HostRoles.Experts, experts),
        ],
        stages,
        Spare: spare);

    /// <summary>With which there is a plan, the spare hosts of attention left out.</summary>
    private long LeastBytes()
    {
        var attention = Roles.Select((roles, i) => (roles, i)).Where(one => one.roles.HasFlag(HostRoles.Attention)).Select(one => one.i).SkipLast(Spare).ToHashSet();
        return LeastMemory.Of(
            ClusterProcesses.Model, ComputeMode.Bf16, HostProcess.KvBytes, Plenty,
            bytes =>
            [
                .. Roles.Select((roles, i) => (roles, i)).Where(one => attention.Contains(one.i) || !one.roles.HasFlag(HostRoles.Attention))
                    .Select(one => new HostCapacity(new HostId($"host-{one.i}"), attention.Contains(one.i) ? bytes : Plenty) { Roles = one.roles }),
            ],
            request => request with { Replicas = Replicas });
    }
}
