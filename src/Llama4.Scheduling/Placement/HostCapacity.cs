using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <param name="Bytes">What the host can hold: weights, keys and values, buffers.</param>
public sealed record HostCapacity(HostId Host, long Bytes)
{
    public HostRoles Roles { get; init; } = HostRoles.Any;

    /// <summary>What fails together, a rack say: standbys go to another zone where there is one. Empty for none.</summary>
    public string Zone { get; init; } = "";

    public HostSpeed Speed { get; init; } = HostSpeed.Unknown;

    public bool May(HostRoles role) => (Roles & role) != 0;
}

/// <summary>What a host's device and link do at best, declared or measured.</summary>
/// <param name="Fp8FlopsPerS">The bf16 rate where the device knows no fp8.</param>
/// <param name="LinkBytesPerS">Each way, at once.</param>
/// <param name="LinkLatencyS">One way, from one process to another.</param>
public sealed record HostSpeed(double ReadBytesPerS, double Bf16FlopsPerS, double Fp8FlopsPerS, double LinkBytesPerS, double LinkLatencyS)
{
    /// <summary>Of hosts that told nothing: a desktop CPU with two memory channels on 10 Gb/s Ethernet. Alike for all, so shares come out even.</summary>
    public static readonly HostSpeed Unknown = new(50e9, 1e12, 1e12, 1.25e9, 30e-6);
}
