using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;
using Llama4.Server.Plan;

namespace Llama4.Server.Pipeline;

/// <summary>What <c>llama4 bench pipeline</c> simulates.</summary>
/// <param name="Hosts">Numbers of hosts, one run each.</param>
/// <param name="Rows">Of the micro-batch that the given times are for.</param>
/// <param name="Device">Whose roofline the times are; null for given ones.</param>
/// <param name="Slower">Real seconds for a simulated one; null for as many as this machine's cores need.</param>
/// <param name="Sequences">At once; null for as many as fill four micro-batches a stage.</param>
/// <param name="MicroBatches">A number that stays; null for the policy's.</param>
internal sealed record PipelineSettings(
    IReadOnlyList<int> Hosts, TimeSpan Attention, TimeSpan Experts, TimeSpan Link, int Rows, Device? Device, double? Slower, int? Sequences, int? MicroBatches, TimeSpan Window)
{
    /// <summary>CPU time of the whole control plane for a step and layer over sockets: 1.3 to 1.9 ms on two cores with neighbours, 4 to 64 hosts, 29 November 2026.</summary>
    private const double ControlPlaneS = 1.5e-3;

    /// <summary>Share of the cores that the control plane of all hosts may take together: past it calls wait for a core, and devices for calls.</summary>
    private const double CoresShare = 0.35;

    public SimulatedTimes Times => Device is { } device
        ? new RooflineTimes(device.Speed.ReadBytesPerS, device.Speed.Bf16FlopsPerS)
        : new GivenTimes(Attention.TotalSeconds, Experts.TotalSeconds, Rows);

    /// <summary>
    /// So slow that the control plane of all simulated hosts, which share this machine, has cores enough. Real hosts have cores of their own: that their devices
    /// are faster is no matter as long as the control plane of one of them is quicker than its device.
    /// </summary>
    public double SlowerOf(int hosts, int layers)
    {
        if (Slower is { } given)
        {
            return given;
        }

        if (Device is not null)
        {
            return 1;
        }

        var stages = SimulatedHostsOptions.StagesOf(hosts);
        var (attention, experts) = (Attention.TotalSeconds * layers / stages, Experts.TotalSeconds * layers / Math.Max(1, hosts - stages));
        var step = hosts == 1 ? attention + experts : Math.Max(attention, experts);
        return step == 0 ? 1 : Math.Max(1, ControlPlaneS * layers / step / (CoresShare * Environment.ProcessorCount));
    }

    public int SequencesOf(int hosts) => Sequences ?? (Rows * 4 * Math.Max(1, Device is null ? hosts / 4 : 1));

    public SimulatedHostsOptions Options(string directory, int hosts, ISimulatedClock clock) => new()
    {
        ModelDirectory = directory,
        Hosts = hosts,
        Clock = clock,
        Times = Times,
        Device = Device?.Name ?? "given times",
        Capacity = Device is { } device ? (device.MemoryBytes, device.Speed) : null,
        LinkDelay = Link,
        Sequences = SequencesOf(hosts),
        MicroBatches = MicroBatches,
    };
}
