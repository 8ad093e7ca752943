using System.Diagnostics;
using System.Net;
using Llama4.Gateway.Hosting;
using Llama4.Server.Output;

namespace Llama4.Server.Bench;

/// <summary>What metrics cost those who decode: rounds of a process that nobody asks for them and of one that is scraped every five seconds, in turn.</summary>
internal sealed class MetricsBench(BenchRounds rounds)
{
    public static readonly TimeSpan ScrapedEvery = TimeSpan.FromSeconds(5);

    /// <summary>A port that has just been opened still compiles and collects for a while, which a server does once in its life.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    /// <summary>So many that the clock of the processor's time, which ticks in milliseconds, does not show.</summary>
    private const int Scrapes = 200;

    private readonly ClusterRunner _runner = new(rounds.Model.Cluster.Client);
    private readonly DecodeSlices _slices = new(rounds);

    /// <param name="done">Called with the share done, 0 to 1.</param>
    /// <returns>Of each number of sequences, its rounds.</returns>
    public async Task<List<(int Sequences, List<MetricsRound> Rounds)>> MeasureAsync(Action<double> done, CancellationToken cancellation)
    {
        var figures = new List<(int, List<MetricsRound>)>();
        foreach (var sequences in rounds.Plan.Concurrency)
        {
            List<int[]> prompts = _slices.NewPrompts(sequences);
            await _runner.DecodeAsync(prompts, rounds.Plan.AnswerTokens, cancellation); // code is compiled, prompts are in the prefix cache
            await ScrapedAsync(prompts, cancellation);
            var measured = new List<MetricsRound>();
            while (measured.Count < rounds.Count)
            {
                var isFirst = measured.Count % 2 == 0; // what comes second in a round is not always the same
                var before = isFirst ? await SliceAsync(prompts, cancellation) : await ScrapedAsync(prompts, cancellation);
                var after = isFirst ? await ScrapedAsync(prompts, cancellation) : await SliceAsync(prompts, cancellation);
                measured.Add(isFirst ? new MetricsRound(before, after) : new MetricsRound(after, before));
                done((figures.Count + ((double)measured.Count / rounds.Count)) / rounds.Plan.Concurrency.Count);
            }

            figures.Add((sequences, measured));
        }

        return figures;
    }

    private async Task<SliceFigures> ScrapedAsync(List<int[]> prompts, CancellationToken cancellation)
    {
        await using var door = await OpenAsync(cancellation);
        using var http = new HttpClient { BaseAddress = door.Address };
        await http.GetByteArrayAsync("metrics", cancellation); // a server's first answer takes longer than all others
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var scraping = ScrapeAsync(http, stop.Token);
        await _slices.MeasureAsync(_runner, prompts, Settling, cancellation);
        var figures = await SliceAsync(prompts, cancellation);
        await stop.CancelAsync();
        await scraping;
        return figures;
    }

    /// <summary>One scrape of a process with all of its series, by itself: of what a rate of them costs it tells more than rounds that differ by what the machine's neighbours do.</summary>
    public async Task<ScrapeFigures> OneScrapeAsync(CancellationToken cancellation)
    {
        await using var door = await OpenAsync(cancellation);
        using var http = new HttpClient { BaseAddress = door.Address };
        await _runner.DecodeAsync(_slices.NewPrompts(rounds.Plan.Concurrency[^1]), rounds.Plan.AnswerTokens, cancellation); // every series has a value
        for (var scrape = 0; scrape < Scrapes; scrape++)
            await http.GetByteArrayAsync("metrics", cancellation); // code is compiled
        var (before, bytes) = (Environment.CpuUsage.TotalTime, 0L);
        for (var scrape = 0; scrape < Scrapes; scrape++)
            bytes += (await http.GetByteArrayAsync("metrics", cancellation)).Length;
        return new ScrapeFigures((Environment.CpuUsage.TotalTime - before).TotalMilliseconds / Scrapes, bytes / Scrapes);
    }

    private static Task<HealthDoor> OpenAsync(CancellationToken cancellation) =>
        HealthDoor.OpenAsync(IPAddress.Loopback, 0, HealthState.Starting("a bench"), logging => logging.ClearProviders(), cancellation);

    private static async Task ScrapeAsync(HttpClient http, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await http.GetByteArrayAsync("metrics", stop);
                await Task.Delay(ScrapedEvery, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The slice is over.
        }
    }

    private Task<SliceFigures> SliceAsync(List<int[]> prompts, CancellationToken cancellation) => _slices.MeasureAsync(_runner, prompts, rounds.Slice, cancellation);
}

/// <summary>A slice without metrics, and one that is scraped, one right after the other.</summary>
internal sealed record MetricsRound(SliceFigures Plain, SliceFigures Scraped);

/// <param name="CpuMs">Of both ends.</param>
/// <param name="Bytes">Of the answer.</param>
internal readonly record struct ScrapeFigures(double CpuMs, long Bytes);
