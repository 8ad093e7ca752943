using System.Diagnostics;
using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;

namespace Llama4.Server.Pipeline;

/// <summary>Counters of a run at one moment.</summary>
/// <param name="Busy">[hosts] simulated.</param>
/// <param name="Cpu">Of the process, the simulated clock's own left out.</param>
internal sealed record PipelineMoment(long Stamp, double SimulatedS, double Steps, double Rows, TimeSpan[] Busy, TimeSpan Cpu, long Allocated);

/// <summary>What happened between two moments.</summary>
/// <param name="BusiestShare">Of the time, that the busiest device was at work.</param>
internal sealed record PipelineWindow(double RealS, double SimulatedS, double Steps, double Rows, double BusiestShare, double CpuS, double Allocated)
{
    public static PipelineWindow Between(PipelineMoment a, PipelineMoment b) => new(
        Stopwatch.GetElapsedTime(a.Stamp, b.Stamp).TotalSeconds,
        b.SimulatedS - a.SimulatedS,
        b.Steps - a.Steps,
        b.Rows - a.Rows,
        a.Busy.Zip(b.Busy, (from, to) => (to - from).TotalSeconds).Max() / (b.SimulatedS - a.SimulatedS),
        (b.Cpu - a.Cpu).TotalSeconds,
        b.Allocated - a.Allocated);

    /// <summary>All sequences are in some micro-batch: so many times the rows of a step go into them.</summary>
    public double MicroBatches(int sequences) => sequences * Steps / Rows;
}

/// <summary>Reads the counters: steps and rows are counted where every step passes, on the device of the first stage.</summary>
internal sealed class PipelineMeter(SimulatedHosts cluster, SimulatedClock clock)
{
    private readonly SimulatedDevice[] _devices = [.. cluster.Devices.Values];
    private readonly SimulatedDevice _first = cluster.Devices[cluster.Plan.Replicas[0].Stages[0].Host];
    private readonly int _firstLayers = cluster.Plan.Replicas[0].Stages[0].Layers;

    public PipelineMoment Now()
    {
        using var process = Process.GetCurrentProcess();
        var (count, rows) = _first.Attentions;
        return new PipelineMoment(
            Stopwatch.GetTimestamp(),
            clock.NowNs / 1e9,
            (double)count / _firstLayers,
            (double)rows / _firstLayers,
            [.. _devices.Select(device => device.Busy)],
            process.TotalProcessorTime - clock.CpuTime,
            GC.GetTotalAllocatedBytes());
    }
}
