using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Running;

/// <summary>A scenario at one rate after the other, each from an idle server, until one is too much for it.</summary>
internal sealed class RampRun(Scenario scenario, Target target, double stepSeconds, ResultFolder? folder, TextWriter progress)
{
    /// <summary>Sessions expected at a rate at least; with fewer a step would say nothing.</summary>
    private const double SessionsMin = 10;

    private static readonly TimeSpan SamplePause = TimeSpan.FromMilliseconds(100);

    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly RunClock _clock = new();

    public async Task<LoadResult> RunAsync(RampSearch search, CancellationToken stop)
    {
        using var lines = folder?.OpenRequests();
        using var client = new ChatClient(target.Url, target.Key, _clock);
        var whole = new Recorder(scenario with { Seconds = stepSeconds * 20 }, lines); // of its bins' width only
        var steps = new List<RampStep>();
        progress.WriteLine(RampText.Header);
        while (search.Next() is { } rate && !stop.IsCancellationRequested)
        {
            // Another seed for each: the same prompts again might be found in the server's cache.
            var seed = scenario.Seed + (ulong)steps.Count;
            var step = await StepAsync(scenario with { Seed = seed, Seconds = Math.Max(stepSeconds, SessionsMin / rate), Arrivals = scenario.Arrivals with { Rate = rate } }, client, whole, stop);
            if (stop.IsCancellationRequested)
            {
                break; // half a step says nothing
            }

            steps.Add(step);
            search.Tried(rate, step.Broken is null);
            progress.WriteLine(RampText.Line(step));
        }

        var knee = search.Kept;
        return Summary.Of("ramp", scenario, target, _startedAt, _clock.Now, stop.IsCancellationRequested, whole) with
        {
            Ramp = [.. steps.OrderBy(step => step.Rate)],
            Verdicts = [new Verdict("the knee is found", knee is not null && search.IsSaturated, RampText.Knee(knee, search.IsSaturated))],
        };
    }

    private async Task<RampStep> StepAsync(Scenario step, ChatClient client, Recorder whole, CancellationToken stop)
    {
        var recorder = new Recorder(step, null) { Whole = whole };
        var from = _clock.Now;
        using var over = new CancellationTokenSource();
        var sampling = SampleAsync(recorder, from + step.Seconds, over.Token);
        var load = new OpenLoop(step, target.Model, client, recorder, _clock).RunAsync(Processes.Of(step.Arrivals, step.Seed, step.Seconds), from, stop);
        await load.ContinueWith(_ => over.CancelAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
        await load;
        var inFlight = await sampling;
        var (counts, times) = (recorder.Counts(), recorder.Latencies());
        var rates = Summary.RatesOf(counts, _clock.Now - from);
        return new RampStep(
            step.Arrivals.Rate,
            counts.Sent / step.Seconds,
            rates.Ok,
            rates.AnswerTokens,
            times.Ttft.P50,
            times.Ttft.P99,
            times.PerToken.P99,
            rates.SloShare,
            Saturation.Backlog(inFlight),
            recorder.InFlightMax,
            counts.Lost,
            Saturation.Broken(step.Slo, counts, rates.SloShare, inFlight));
    }

    /// <summary>Until the last arrival.</summary>
    private async Task<IReadOnlyList<int>> SampleAsync(Recorder recorder, double until, CancellationToken over)
    {
        var samples = new List<int>();
        while (_clock.Now < until && !over.IsCancellationRequested)
        {
            samples.Add(recorder.InFlight);
            await Task.Delay(SamplePause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return samples;
    }
}
