using System.CommandLine;
using Llama4.Server.Output;
using Llama4.Server.Pipeline;
using Llama4.Server.Plan;
using Llama4.Server.Synth;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench pipeline</c>: how busy the cluster keeps the devices of many hosts, and what it costs itself, with simulated devices in this process.</summary>
internal static class PipelineCommand
{
    private const int HostsMax = 128;

    /// <summary>One for each stage of 64 hosts; what is told is a layer's, and 16 of them settle sooner than 48.</summary>
    private const int LayersDefault = 16;

    public static Command Create(Terminal terminal)
    {
        var hosts = new CountsOption("--hosts", "Numbers of hosts, a run each.", [1, 2, 4, 8], HostsMax, $"numbers of hosts from 1 to {HostsMax} like 1,2,4");
        var attention = Microseconds("--attention-us", "Simulated time of a layer's attention for a micro-batch of --rows rows.", 2000);
        var experts = Microseconds("--expert-us", "Simulated time of a layer's experts for --rows rows, over all the layer's hosts.", 2000);
        var link = Microseconds("--link-us", "Simulated delay between hosts, one way.", 0);
        var rows = NumberOption.Count("--rows", "Rows of the micro-batch that the times are given for; with other numbers of rows they are in proportion.", 2, most: 1024);
        var device = new Option<string?>("--device") { Description = "A known device: its roofline instead of given times.", HelpName = "H100-80G" };
        var model = new Option<string>("--model") { Description = "A shape by name, or a config.json.", HelpName = "scout|maverick|config.json", DefaultValueFactory = _ => "scout" };
        var layers = Optional("--layers", "Layers of the model, instead of its own. Default: 16, or the model's with --device.", 256);
        var slower = new Option<double?>("--slower") { Description = "Real seconds for a simulated one. Default: so many that the control plane of all hosts, which share this machine's cores, has enough of them; 1 with --device.", HelpName = "N" }.Within(1, 1000);
        var sequences = Optional("--sequences", "Sequences that decode at once. Default: four micro-batches of --rows a stage.", 4096);
        var microBatches = Optional("--micro-batches", "At most so many. Default: what the policy finds.", 4096);
        var seconds = NumberOption.Count("--seconds", "Real seconds of a measurement, once the number of micro-batches rests.", 5, most: 3600);
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each number of hosts." };
        var command = new Command("pipeline", "How busy simulated hosts are kept, and what the cluster itself costs a token and layer.")
        {
            hosts, attention, experts, link, rows, device, model, layers, slower, sequences, microBatches, seconds, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new PipelineSettings(
                hosts.Read(parsed),
                TimeSpan.FromMicroseconds(parsed.GetValue(attention)),
                TimeSpan.FromMicroseconds(parsed.GetValue(experts)),
                TimeSpan.FromMicroseconds(parsed.GetValue(link)),
                parsed.GetValue(rows),
                parsed.GetValue(device) is { } name ? DeviceOf(name) : null,
                parsed.GetValue(slower),
                parsed.GetValue(sequences),
                parsed.GetValue(microBatches),
                TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            using var checkpoint = HollowCheckpoint.Create(
                Shape(parsed.GetRequiredValue(model), parsed.GetValue(layers) ?? (settings.Device is null ? LayersDefault : null)));
            var run = new PipelineRun(settings, checkpoint);
            var figures = new List<PipelineFigures>();
            foreach (var count in settings.Hosts)
            {
                figures.Add(await ProgressLine.RunAsync(terminal, $"{count} hosts", _ => run.MeasureAsync(count, cancellation)));
            }

            terminal.WriteReport(parsed.GetValue(json), writer => PipelineFigures.WriteJson(figures, writer), output => PipelineFigures.WriteText(figures, output));
            return CommandLine.Success;
        });
        return command;
    }

    private static SynthShape Shape(string model, int? layers)
    {
        var shape = SynthShape.Load(model);
        if (layers is null)
        {
            return shape;
        }

        // Lists with an entry for each layer go: the rules behind them hold for any number.
        shape.Json["num_hidden_layers"] = layers;
        shape.Json.Remove("no_rope_layers");
        shape.Json.Remove("moe_layers");
        shape.Json.Remove("layer_types");
        return SynthShape.OfText(shape.Json, model);
    }

    private static Device DeviceOf(string name)
    {
        var table = DeviceTable.Known();
        return table.Find(name) ?? throw new UsageException($"--device: expected one of {string.Join(", ", table.All.Select(device => device.Name))}, found '{name}'");
    }

    private static Option<int> Microseconds(string name, string description, int standard) =>
        new Option<int>(name) { Description = description, HelpName = "US", DefaultValueFactory = _ => standard }.Within(0, 10_000_000);

    private static Option<int?> Optional(string name, string description, int most) =>
        new Option<int?>(name) { Description = description, HelpName = "N" }.Within(1, most);
}
