using System.CommandLine;
using Llama4.Server.Bench;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench telemetry</c>: what traces and metrics, exported over OTLP, cost those who decode.</summary>
internal static class TelemetryCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new BenchRoundsOptions("Without export, with metrics, with traces of one request in a hundred and of all, in turn.");
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each number of sequences and what was exported." };
        var command = new Command("telemetry", "Tokens a second while traces or metrics are exported, against those of none.");
        options.AddTo(command, json);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var rounds = await options.StartAsync(parsed, terminal, cancellation);
            var bench = new TelemetryBench(rounds);
            var figures = await ProgressLine.RunAsync(terminal, "measuring", progress => bench.MeasureAsync(progress, cancellation));
            terminal.WriteReport(parsed.GetValue(json), writer => TelemetryFigures.WriteJson(figures, writer), output => TelemetryFigures.WriteText(figures, output));
            return CommandLine.Success;
        });
        return command;
    }
}
