using System.CommandLine;
using Llama4.Server.Bench;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench console</c>: what a watcher of the cluster, and paths of tokens, cost those who decode.</summary>
internal static class ConsoleCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new BenchRoundsOptions("Unwatched, watched and with paths in turn.");
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each number of sequences." };
        var command = new Command("console", "Tokens a second while somebody watches the cluster, and of answers with paths, against those of nobody looking.");
        options.AddTo(command, json);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var rounds = await options.StartAsync(parsed, terminal, cancellation);
            await using var bench = new ConsoleBench(rounds);
            var figures = await ProgressLine.RunAsync(terminal, "measuring", progress => bench.MeasureAsync(progress, cancellation));
            terminal.WriteReport(parsed.GetValue(json), writer => ConsoleFigures.WriteJson(figures, writer), output => ConsoleFigures.WriteText(figures, output));
            return CommandLine.Success;
        });
        return command;
    }
}
