using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Agents;

/// <summary>What a host brings to the cluster; does not change while it lives.</summary>
/// <param name="Address">Where other hosts reach it.</param>
/// <param name="Identity">Hosts whose model, device and KV pools differ do not serve together.</param>
/// <param name="Bytes">What it may hold.</param>
[GenerateSerializer, Immutable, Alias("llama4.HostDescription")]
internal sealed record HostDescription(
    [property: Id(0)] HostId Host,
    [property: Id(1)] int ProcessId,
    [property: Id(2)] string Address,
    [property: Id(3)] string Identity,
    [property: Id(4)] HostRoles Roles,
    [property: Id(5)] string Zone,
    [property: Id(6)] long Bytes,
    [property: Id(7)] double ReadBytesPerS,
    [property: Id(8)] double FlopsPerS)
{
    /// <summary>Where clients reach it, IP:PORT; empty for nowhere.</summary>
    [Id(9)]
    public string ClientAddress { get; init; } = "";

    public HostDoor Door => new(Host, ClientAddress);

    /// <summary>As the planner takes it.</summary>
    public HostCapacity Capacity => new(Host, Bytes)
    {
        Roles = Roles,
        Zone = Zone,
        Speed = ReadBytesPerS > 0 ? HostSpeed.Unknown with { ReadBytesPerS = ReadBytesPerS, Bf16FlopsPerS = FlopsPerS, Fp8FlopsPerS = FlopsPerS } : HostSpeed.Unknown,
    };
}
