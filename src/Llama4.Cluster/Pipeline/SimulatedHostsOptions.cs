using Llama4.Compute.Testing;
using Llama4.Scheduling;

namespace Llama4.Cluster.Pipeline;

/// <summary>A cluster of hosts with simulated devices in this process.</summary>
public sealed record SimulatedHostsOptions
{
    /// <summary>Only its header and config are read, so its file may be one hole.</summary>
    public required string ModelDirectory { get; init; }

    public required int Hosts { get; init; }

    public required ISimulatedClock Clock { get; init; }

    /// <summary>What operations take on each of the devices.</summary>
    public required SimulatedTimes Times { get; init; }

    /// <summary>Of the devices, for people.</summary>
    public required string Device { get; init; }

    /// <summary>How many of so many hosts have attention, unless the planner knows of each what it can.</summary>
    public static int StagesOf(int hosts) => Math.Max(1, hosts / 4);

    /// <summary>
    /// What the planner knows of each host; null for hosts of which a quarter, at least one, have attention alone with just the memory for their part of it, and the others
    /// experts alone.
    /// </summary>
    public (long Bytes, HostSpeed Speed)? Capacity { get; init; }

    /// <summary>One way between hosts, simulated; zero for none but the machine's own.</summary>
    public TimeSpan LinkDelay { get; init; }

    /// <summary>Most sequences at once.</summary>
    public required int Sequences { get; init; }

    /// <summary>Most positions of a sequence.</summary>
    public int Context { get; init; } = 8192;

    /// <summary>A number of micro-batches that stays; null for the policy's.</summary>
    public int? MicroBatches { get; init; }
}
