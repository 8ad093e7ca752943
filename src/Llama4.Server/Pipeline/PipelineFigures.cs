using System.Globalization;
using System.Text.Json;
using Llama4.Server.Output;

namespace Llama4.Server.Pipeline;

/// <summary>One cluster of simulated hosts in steady state.</summary>
/// <param name="ExpertHosts">That own experts.</param>
/// <param name="BoundRowsPerS">Rows a simulated second when the busiest host never waits; null with a device's times, which depend on the rows of a step.</param>
/// <param name="ManagedPerHost">Live managed bytes of an idle host.</param>
/// <param name="ResidentPerHost">Bytes that the process grew by when it started, a host.</param>
internal sealed record PipelineFigures(
    int Hosts, int Stages, int ExpertHosts, int Layers, int Sequences, PipelineWindow Window, double? BoundRowsPerS, double ManagedPerHost, double ResidentPerHost)
{
    /// <summary>Real seconds until all hosts served.</summary>
    public double StartS { get; init; }

    /// <summary>Cores that the cluster keeps busy once nothing is asked of it: timers and membership. They are in the figures of a row and a step too.</summary>
    public double IdleCores { get; init; }

    /// <summary>Real seconds until the number of micro-batches rested, or as long as was waited for that.</summary>
    public double SettleS { get; init; }

    /// <summary>Real seconds until all hosts had ended.</summary>
    public double StopS { get; init; }

    /// <summary>Real seconds for a simulated one.</summary>
    public double Slower { get; init; } = 1;

    /// <summary>What an idle host's growth comes to for each of its layers: of attention where it has them, else of experts.</summary>
    public double ResidentPerHostAndLayer => ResidentPerHost / Math.Max(1, (double)Layers / Stages);

    public double StepsPerS => Window.Steps / Window.SimulatedS;

    public double RowsPerS => Window.Rows / Window.SimulatedS;

    /// <summary>Of the bound; with a device's times, the time that the busiest device is at work.</summary>
    public double Share => BoundRowsPerS is { } bound ? RowsPerS / bound : Window.BusiestShare;

    public double CpuUsPerRowAndLayer => Window.CpuS * 1e6 / Window.Rows / Layers;

    public double CpuUsPerStepAndLayer => Window.CpuS * 1e6 / Window.Steps / Layers;

    public double AllocatedPerRowAndLayer => Window.Allocated / Window.Rows / Layers;

    /// <summary>Cores that the process kept busy: near all of the machine's, it is the machine that limits.</summary>
    public double Cores => Window.CpuS / Window.RealS;

    public static void WriteText(IReadOnlyList<PipelineFigures> all, TextWriter output)
    {
        output.WriteLine("                                      micro-                        of the     control plane, a layer            memory of an idle host     a layer   cores busy    start  settle  stop   real s for");
        output.WriteLine("hosts  stages+experts  sequences  batches   steps/s     rows/s      bound   CPU/row   CPU/step   bytes/row    managed  resident  resident   all   idle       s       s     s  a simulated");
        foreach (var f in all)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{f.Hosts,5}  {$"{f.Stages}+{f.ExpertHosts}",14}  {f.Sequences,9}  {f.Window.MicroBatches(f.Sequences),7:0.0}  {f.StepsPerS,8:0.00}  {f.RowsPerS,9:0.0}  {f.Share,9:0.000}  {f.CpuUsPerRowAndLayer,5:0} us  {f.CpuUsPerStepAndLayer,6:0} us  {f.AllocatedPerRowAndLayer,10:0}  {ByteSize.Format(f.ManagedPerHost),9} {ByteSize.Format(f.ResidentPerHost),9} {ByteSize.Format(f.ResidentPerHostAndLayer),9}  {f.Cores,4:0.00}  {f.IdleCores,5:0.00}  {f.StartS,6:0.0}  {f.SettleS,6:0.0}  {f.StopS,4:0.0}  {f.Slower,11:0.0}"));
        }

        output.WriteLine();
        output.WriteLine($"The control plane of all hosts shares the {Environment.ProcessorCount} cores of this machine: with few of them left, calls wait for a core and devices for calls (--slower).");
    }

    public static void WriteJson(IReadOnlyList<PipelineFigures> all, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var f in all)
        {
            json.WriteStartObject();
            json.WriteNumber("hosts", f.Hosts);
            json.WriteNumber("stages", f.Stages);
            json.WriteNumber("expert_hosts", f.ExpertHosts);
            json.WriteNumber("layers", f.Layers);
            json.WriteNumber("sequences", f.Sequences);
            json.WriteNumber("micro_batches", Math.Round(f.Window.MicroBatches(f.Sequences), 1));
            json.WriteNumber("steps_per_second", Math.Round(f.StepsPerS, 3));
            json.WriteNumber("rows_per_second", Math.Round(f.RowsPerS, 2));
            if (f.BoundRowsPerS is { } bound)
            {
                json.WriteNumber("bound_rows_per_second", Math.Round(bound, 2));
            }

            json.WriteNumber("share_of_bound", Math.Round(f.Share, 4));
            json.WriteNumber("busiest_device_share", Math.Round(f.Window.BusiestShare, 4));
            json.WriteNumber("cpu_us_per_row_and_layer", Math.Round(f.CpuUsPerRowAndLayer, 1));
            json.WriteNumber("cpu_us_per_step_and_layer", Math.Round(f.CpuUsPerStepAndLayer, 1));
            json.WriteNumber("allocated_bytes_per_row_and_layer", Math.Round(f.AllocatedPerRowAndLayer));
            json.WriteNumber("managed_bytes_per_idle_host", Math.Round(f.ManagedPerHost));
            json.WriteNumber("resident_bytes_per_idle_host", Math.Round(f.ResidentPerHost));
            json.WriteNumber("resident_bytes_per_idle_host_and_layer", Math.Round(f.ResidentPerHostAndLayer));
            json.WriteNumber("cores_busy", Math.Round(f.Cores, 2));
            json.WriteNumber("cores_busy_idle", Math.Round(f.IdleCores, 2));
            json.WriteNumber("real_seconds_for_a_simulated_one", Math.Round(f.Slower, 2));
            json.WriteNumber("start_seconds", Math.Round(f.StartS, 3));
            json.WriteNumber("settle_seconds", Math.Round(f.SettleS, 3));
            json.WriteNumber("stop_seconds", Math.Round(f.StopS, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
