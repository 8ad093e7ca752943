using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Llama4.Gateway.Telemetry;
using Llama4.Server;
using Llama4.Server.Output;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>The tables say what the code has, no more and no less. The code is asked for its instruments while it serves, in this process.</summary>
public sealed class MetricsTableTests
{
    [Fact]
    public async Task Tables_AndTheInstruments_AreTheSame()
    {
        var found = await InstrumentsAsync();

        found.Select(instrument => $"{NameOf(instrument)} {KindOf(instrument)} {instrument.Unit}").Order().ShouldBe(
            MetricsTable.Rows.Select(row => $"{row.Name} {row.Kind} {row.Unit}").Order());
        foreach (var row in MetricsTable.Rows)
        {
            found.Single(instrument => NameOf(instrument) == row.Name).Meter.Name.ShouldBe(row.OfHost ? MeterSetup.ClusterMeter : MeterSetup.GatewayMeter, row.Name);
            row.LabelSets.ShouldBeLessThanOrEqualTo(row.Name == "llama4_expert_rows_total" ? MeterSetup.ExpertSeriesMax : MeterSetup.SeriesMax, row.Name);
        }
    }

    [Fact]
    public void Rows_OfTheTables_AreAllRead() =>
        MetricsTable.Text.Split('\n').Count(line => line.StartsWith("| `", StringComparison.Ordinal)).ShouldBe(MetricsTable.Rows.Count);

    /// <summary>What a whole server publishes, with a gateway and a host.</summary>
    private static async Task<IReadOnlyCollection<Instrument>> InstrumentsAsync()
    {
        var found = new ConcurrentDictionary<string, Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name is MeterSetup.GatewayMeter or MeterSetup.ClusterMeter)
                {
                    found[instrument.Name] = instrument;
                }
            },
        };
        listener.Start();
        var (output, interrupts) = (new StringWriter(), new Interrupts());
        var terminal = new Terminal { Input = TextReader.Null, Output = TextWriter.Synchronized(output), Error = TextWriter.Null, Interrupts = interrupts };
        var run = CommandLine.RunAsync(["serve", "--port", "0", "--health-port", "0", "--threads", "1"], terminal);
        while (!Said(output).Contains("Ctrl-C", StringComparison.Ordinal) && !run.IsCompleted)
        {
            await Task.Delay(50);
        }

        interrupts.Terminate();
        (await run.WaitAsync(TimeSpan.FromMinutes(2))).ShouldBe(CommandLine.Success);
        return [.. found.Values];
    }

    private static string Said(StringWriter output)
    {
        lock (output)
        {
            return output.ToString();
        }
    }

    /// <summary>As the exporter writes it for Prometheus.</summary>
    private static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", null or "" => "", var other => throw new InvalidOperationException($"{name} has the unit {other}, of which this test knows no suffix") };
        return (name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit) + (KindOf(instrument) == "counter" ? "_total" : "");
    }

    private static string KindOf(Instrument instrument) => Regex.Replace(instrument.GetType().Name, "`.*", "") switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "Histogram" => "histogram",
        _ => "gauge",
    };
}
