using System.Text.Json.Serialization;

namespace Llama4.Contracts;

/// <summary>The cluster at one moment.</summary>
/// <param name="Epoch">Of the plan in force; 0 for none yet.</param>
/// <param name="Leader">The host that makes the plans.</param>
/// <param name="Plan">Null before the first.</param>
/// <param name="Waiting">Why there is no (better) plan; null when nothing is waited for.</param>
/// <param name="Faults">The last ones, newest first, at most 64.</param>
[GenerateSerializer, Immutable, Alias("llama4.ClusterStatus")]
public sealed record ClusterStatus(
    [property: Id(0)] long Epoch,
    [property: Id(1)] HostId Leader,
    [property: Id(2)] PlacementPlan? Plan,
    [property: Id(3)] string? Waiting,
    [property: Id(4)] HostStatus[] Hosts,
    [property: Id(5)] ClusterFault[] Faults);

/// <summary>One host.</summary>
/// <param name="ProcessId">Of its operating system process.</param>
/// <param name="Zone">What fails together; empty for none.</param>
/// <param name="Epoch">That it serves; 0 for none.</param>
/// <param name="WeightBytes">Held on its device.</param>
/// <param name="MemoryBytes">What it may hold.</param>
/// <param name="RowsPerS">Rows its experts ran in the last second.</param>
/// <param name="Engines">Of the engines it runs, by replica; empty for none.</param>
[GenerateSerializer, Immutable, Alias("llama4.HostStatus")]
public sealed record HostStatus(
    [property: Id(0)] HostId Host,
    [property: Id(1)] HostCondition Condition,
    [property: Id(2)] int ProcessId,
    [property: Id(3)] string Address,
    [property: Id(4)] HostRoles Roles,
    [property: Id(5)] string Zone,
    [property: Id(6)] long Epoch,
    [property: Id(7)] long WeightBytes,
    [property: Id(8)] long MemoryBytes,
    [property: Id(9)] double RowsPerS,
    [property: Id(10)] EngineStatus[] Engines)
{
    /// <summary>
    /// [layers * experts] tokens that the routers on this host sent to each expert since its start, as far as it was watched; null in a status that was not asked for by
    /// <see cref="IClusterWatch.WatchAsync"/>.
    /// </summary>
    [Id(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long[]? RoutedTokens { get; init; }
}

/// <summary>What the leader thinks of a host.</summary>
public enum HostCondition : byte
{
    /// <summary>A member that has not answered the leader yet.</summary>
    Joining,
    Alive,

    /// <summary>It has not answered for some tenths of a second; nothing is asked of it.</summary>
    Suspected,

    /// <summary>What it owns is being moved, or has been.</summary>
    Draining,
}

/// <summary>Something that went wrong with a host, and what was done.</summary>
[GenerateSerializer, Immutable, Alias("llama4.ClusterFault")]
public sealed record ClusterFault([property: Id(0)] DateTimeOffset At, [property: Id(1)] HostId Host, [property: Id(2)] string What);
