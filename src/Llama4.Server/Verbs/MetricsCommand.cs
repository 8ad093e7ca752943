using System.CommandLine;
using System.Globalization;
using Llama4.Server.Bench;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench metrics</c>: what metrics, scraped every five seconds, cost those who decode.</summary>
internal static class MetricsCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var generate = new Option<int>("--generate") { Description = "Tokens that each sequence decodes.", HelpName = "N", DefaultValueFactory = _ => 256 }.Within("2 to 1024", value => value is >= 2 and <= 1024);
        var concurrency = BenchVerb.Counts("--concurrency", "Sequences that decode at once. [default: 1,16]");
        var seconds = new Option<int>("--seconds") { Description = "Of each measurement.", HelpName = "N", DefaultValueFactory = _ => 5 }.Within("1 to 600", value => value is >= 1 and <= 600);
        var rounds = new Option<int>("--rounds") { Description = "Without and with metrics in turn.", HelpName = "N", DefaultValueFactory = _ => 8 }.Within("1 to 100", value => value is >= 1 and <= 100);
        var command = new Command("metrics", "Tokens a second, and processor time a token, of a process whose metrics are scraped every five seconds against those of one that nobody asks.") { generate, concurrency, seconds, rounds };
        model.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new BenchPlan([16], parsed.GetValue(generate), parsed.GetValue(concurrency) is { Length: > 0 } given ? given : [1, 16]);
            await using var running = await RunningModel.StartAsync(model.Read(parsed), terminal, logging: null, cancellation);
            BenchVerb.RefuseWhatDoesNotFit(plan, running.Cluster);
            var bench = new MetricsBench(running, plan, parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            var figures = await ProgressLine.RunAsync(terminal, "measuring", progress => bench.MeasureAsync(progress, cancellation));
            terminal.Output.WriteLine("sequences  tokens/s  scraped, of it   CPU us/token  scraped, of it");
            foreach (var (sequences, measured) in figures)
            {
                terminal.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{sequences,9}  {MedianOf(measured, r => r.Plain.TokensPerS),8:0.0}  {MedianOf(measured, r => r.Scraped.TokensPerS / r.Plain.TokensPerS),14:0.000}   {MedianOf(measured, r => r.Plain.CpuUsPerToken),12:0.0}  {MedianOf(measured, r => r.Scraped.CpuUsPerToken / r.Plain.CpuUsPerToken),14:0.000}"));
            }

            var scrape = await bench.OneScrapeAsync(cancellation);
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"one scrape: {scrape.CpuMs:0.00} ms of processor time, {scrape.Bytes} bytes; every five seconds {scrape.CpuMs / 50:0.000} % of a core"));
            return CommandLine.Success;
        });
        return command;
    }

    private static double MedianOf(List<MetricsRound> rounds, Func<MetricsRound, double> figure) => Median.Of(rounds.Select(figure));
}
