using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Running;

/// <summary>One scenario against one server, from the first arrival to the last answer.</summary>
internal sealed class LoadRun(string verb, Scenario scenario, Target target, ResultFolder? folder, TextWriter progress)
{
    /// <summary>How often a line tells how it goes, and the result so far is written.</summary>
    private static readonly TimeSpan ProgressPause = TimeSpan.FromSeconds(10);

    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;

    public RunClock Clock { get; } = new();

    /// <summary>Also told of all tokens.</summary>
    public IStreamSink? Also { get; init; }

    /// <summary>Goes on beside the load, until the token is cancelled at its end.</summary>
    public Func<CancellationToken, Task> Beside { get; init; } = _ => Task.CompletedTask;

    /// <summary>Adds to a result what is known beside the load.</summary>
    public Func<LoadResult, LoadResult> Complete { get; init; } = result => result;

    public async Task<LoadResult> RunAsync(CancellationToken stop)
    {
        using var lines = folder?.OpenRequests();
        using var client = new ChatClient(target.Url, target.Key, Clock);
        var recorder = new Recorder(scenario, lines) { Also = Also };
        using var over = new CancellationTokenSource();
        var beside = Task.WhenAll(Beside(over.Token), TellAsync(recorder, over.Token));
        var load = new OpenLoop(scenario, target.Model, client, recorder, Clock)
            .RunAsync(Processes.Of(scenario.Arrivals, scenario.Seed, scenario.Seconds), 0, stop);
        await load.ContinueWith(_ => over.CancelAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
        var elapsed = Clock.Now;
        await load;
        await beside;
        return Complete(Summary.Of(verb, scenario, target, _startedAt, elapsed, stop.IsCancellationRequested, recorder));
    }

    private async Task TellAsync(Recorder recorder, CancellationToken over)
    {
        for (var last = recorder.Counts(); ;)
        {
            await Task.Delay(ProgressPause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                return;
            }

            var now = recorder.Counts();
            progress.WriteLine(FormattableString.Invariant(
                $"{Clock.Now,7:0} s  {(now.Sent - last.Sent) / ProgressPause.TotalSeconds:0.0} requests/s  {(now.AnswerTokens - last.AnswerTokens) / ProgressPause.TotalSeconds:0} tokens/s  in flight {recorder.InFlight}  ok {now.Of(Outcome.Ok)}  refused {now.Of(Outcome.Refused)}  failed {now.Lost - recorder.InFlight}  shed {now.ShedSessions + now.ShedTurns}"));
            last = now;
            folder?.Write(Complete(Summary.Of(verb, scenario, target, _startedAt, Clock.Now, interrupted: true, recorder)));
        }
    }
}
