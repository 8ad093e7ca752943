using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;
using Llama4.Server.Plan;

namespace Llama4.Server.Pipeline;

/// <summary>What <c>llama4 bench pipeline</c> simulates.</summary>
/// <param name="Hosts">Numbers of hosts, one run each.</param>
/// <param name="Rows">Of the micro-batch that the given times are for.</param>
/// <param name="Device">Whose roofline the times are; null for given ones.</param>
/// <param name="Slower">Real seconds for a simulated one.</param>
/// <param name="Sequences">At once; null for as many as fill four micro-batches a stage.</param>
/// <param name="MicroBatches">A number that stays; null for the policy's.</param>
internal sealed record PipelineSettings(
    IReadOnlyList<int> Hosts, TimeSpan Attention, TimeSpan Experts, TimeSpan Link, int Rows, Device? Device, double Slower, int? Sequences, int? MicroBatches, TimeSpan Window)
{
    public SimulatedTimes Times => Device is { } device
        ? new RooflineTimes(device.Speed.ReadBytesPerS, device.Speed.Bf16FlopsPerS)
        : new GivenTimes(Attention.TotalSeconds, Experts.TotalSeconds, Rows);

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
