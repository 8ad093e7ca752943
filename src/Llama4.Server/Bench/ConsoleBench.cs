using System.Diagnostics;
using System.Net;
using Llama4.Gateway;
using Llama4.Images;
using Llama4.Server.Serving;

namespace Llama4.Server.Bench;

/// <summary>
/// What it costs to show a cluster while it decodes: nobody watches, then one reader of /console/live does, then each token is asked for with its path. In turn, so that what
/// disturbs the machine disturbs all of them; by the clock and by the processor's time, which neighbours disturb less.
/// </summary>
internal sealed class ConsoleBench(BenchRounds rounds) : IAsyncDisposable
{
    /// <summary>Hosts count on for five seconds after their last watcher.</summary>
    private static readonly TimeSpan UntilUnwatched = TimeSpan.FromSeconds(6);

    /// <summary>Samples before anything is measured: the runtime compiles a method for good after 30 calls, which at a sample a second would take the whole measurement.</summary>
    private const int WarmSamples = 100;

    private static readonly TimeSpan UntilNoticed = TimeSpan.FromMilliseconds(50);

    /// <summary>Ten seconds: a server whose cores are wanted by others hears late of who has gone.</summary>
    private const int OpenTries = 200;

    private readonly ClusterRunner _plain = new(rounds.Model.Cluster.Client);
    private readonly ClusterRunner _traced = new(rounds.Model.Cluster.Client, trace: true);
    private readonly HttpClient _http = new();
    private readonly DecodeSlices _slices = new(rounds);
    private WebApplication? _gateway;

    /// <param name="done">Called with the share done, 0 to 1.</param>
    public async Task<List<ConsoleFigures>> MeasureAsync(Action<double> done, CancellationToken cancellation)
    {
        var (model, cluster) = (rounds.Model, rounds.Model.Cluster);
        _gateway = ModelServer.Build(
            model.Names, model.Served, ImageHosts.None, cluster.Client, cluster.Watch, cluster.TokensMax, cluster.Config.VocabSize,
            new PublicDoor(IPAddress.Loopback, 0), LogSetup.As(LogFormat.Text), ofMany: false);
        _http.BaseAddress = await _gateway.StartLlama4Async(IPAddress.Loopback, 0);
        var figures = new List<ConsoleFigures>();
        await WarmAsync(cancellation);
        foreach (var sequences in rounds.Plan.Concurrency)
        {
            List<int[]> prompts = _slices.NewPrompts(sequences);
            await _plain.DecodeAsync(prompts, rounds.Plan.AnswerTokens, cancellation); // code is compiled, prompts are in the prefix cache
            await _traced.DecodeAsync(prompts, rounds.Plan.AnswerTokens, cancellation);
            await WatchedAsync(prompts, cancellation);
            await Task.Delay(UntilUnwatched, cancellation);
            var measured = new List<ConsoleRound>();
            while (measured.Count < rounds.Count)
            {
                var unwatched = await _slices.MeasureAsync(_plain, prompts, rounds.Slice, cancellation);
                var watched = await WatchedAsync(prompts, cancellation);
                await Task.Delay(UntilUnwatched, cancellation);
                measured.Add(new ConsoleRound(unwatched, watched, await _slices.MeasureAsync(_traced, prompts, rounds.Slice, cancellation)));
                done((figures.Count + ((double)measured.Count / rounds.Count)) / rounds.Plan.Concurrency.Count);
            }

            figures.Add(new ConsoleFigures(sequences, measured));
        }

        return figures;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    /// <summary>Each watcher who comes alone has a sample at once.</summary>
    private async Task WarmAsync(CancellationToken cancellation)
    {
        for (var sample = 0; sample < WarmSamples; sample++)
        {
            using var response = await OpenAsync(cancellation);
            using var reader = await ReadFirstAsync(response, cancellation);
        }
    }

    /// <summary>The feed; waits a while for watchers who have gone and are still counted.</summary>
    private async Task<HttpResponseMessage> OpenAsync(CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var response = await _http.GetAsync("/console/live", HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || tries == OpenTries)
            {
                return response.EnsureSuccessStatusCode();
            }

            response.Dispose();
            await Task.Delay(UntilNoticed, cancellation);
        }
    }

    /// <returns>Behind the first event: until then hosts may not count yet.</returns>
    private static async Task<StreamReader> ReadFirstAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line && !line.StartsWith("data:", StringComparison.Ordinal))
        {
            // Its name, and how soon to come again.
        }

        return reader;
    }

    private async Task<SliceFigures> WatchedAsync(List<int[]> prompts, CancellationToken cancellation)
    {
        using var response = await OpenAsync(cancellation);
        using var reader = await ReadFirstAsync(response, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reading = ReadAsync(reader, stop.Token);
        var figures = await _slices.MeasureAsync(_plain, prompts, rounds.Slice, cancellation);
        await stop.CancelAsync();
        await reading;
        return figures;
    }

    private static async Task ReadAsync(StreamReader reader, CancellationToken stop)
    {
        try
        {
            while (await reader.ReadLineAsync(stop) is not null)
            {
                // As a page reads it.
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The slice is over.
        }
    }
}
