using System.CommandLine;
using Llama4.Server.Bench;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench telemetry</c>: what traces and metrics, exported over OTLP, cost those who decode.</summary>
internal static class TelemetryCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var generate = new Option<int>("--generate") { Description = "Tokens that each sequence decodes.", HelpName = "N", DefaultValueFactory = _ => 256 }.Within("2 to 1024", value => value is >= 2 and <= 1024);
        var concurrency = BenchVerb.Counts("--concurrency", "Sequences that decode at once. [default: 1,16]");
        var seconds = new Option<int>("--seconds") { Description = "Of each measurement.", HelpName = "N", DefaultValueFactory = _ => 5 }.Within("1 to 600", value => value is >= 1 and <= 600);
        var rounds = new Option<int>("--rounds") { Description = "Without export, with metrics, with traces of one request in a hundred and of all, in turn.", HelpName = "N", DefaultValueFactory = _ => 8 }.Within("1 to 100", value => value is >= 1 and <= 100);
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each number of sequences and what was exported." };
        var command = new Command("telemetry", "Tokens a second while traces or metrics are exported, against those of none.") { generate, concurrency, seconds, rounds, json };
        model.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new BenchPlan([16], parsed.GetValue(generate), parsed.GetValue(concurrency) is { Length: > 0 } given ? given : [1, 16]);
            await using var running = await RunningModel.StartAsync(model.Read(parsed), terminal, logging: null, cancellation);
            BenchVerb.RefuseWhatDoesNotFit(plan, running.Cluster);
            var bench = new TelemetryBench(running, plan, parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            var figures = await ProgressLine.RunAsync(terminal, "measuring", progress => bench.MeasureAsync(progress, cancellation));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(writer => TelemetryFigures.WriteJson(figures, writer));
            }
            else
            {
                TelemetryFigures.WriteText(figures, terminal.Output);
            }

            return CommandLine.Success;
        });
        return command;
    }
}
