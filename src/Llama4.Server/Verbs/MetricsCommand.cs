using System.CommandLine;
using System.Globalization;
using Llama4.Server.Bench;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench metrics</c>: what metrics, scraped every five seconds, cost those who decode.</summary>
internal static class MetricsCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new BenchRoundsOptions("Without and with metrics in turn.");
        var command = new Command("metrics", "Tokens a second, and processor time a token, of a process whose metrics are scraped every five seconds against those of one that nobody asks.");
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var rounds = await options.StartAsync(parsed, terminal, cancellation);
            var bench = new MetricsBench(rounds);
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
                CultureInfo.InvariantCulture, $"one scrape: {scrape.CpuMs:0.00} ms of processor time, {scrape.Bytes} bytes; every five seconds {100 * scrape.CpuMs / MetricsBench.ScrapedEvery.TotalMilliseconds:0.000} % of a core"));
            return CommandLine.Success;
        });
        return command;
    }

    private static double MedianOf(List<MetricsRound> rounds, Func<MetricsRound, double> figure) => Median.Of(rounds.Select(figure));
}
