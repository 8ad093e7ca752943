using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Running;

/// <summary>Starts each session when it is due, whatever became of those before: a slow server meets as many as a fast one.</summary>
internal sealed class OpenLoop(Scenario scenario, string model, ChatClient client, Recorder recorder, RunClock clock)
{
    private readonly ConcurrentDictionary<int, Task> _open = [];

    /// <summary>Runs to the end of the last request, or to the scenario's <c>drain_seconds</c> after the last arrival.</summary>
    /// <param name="from">Seconds of the run's clock to which arrivals are relative.</param>
    /// <param name="stop">Ends it early: nothing more arrives and what runs is given up.</param>
    public async Task RunAsync(IEnumerable<Arrival> arrivals, double from, CancellationToken stop)
    {
        var arrivalsEnd = from + scenario.Seconds;
        using var over = new CancellationTokenSource();
        try
        {
            foreach (var arrival in arrivals)
            {
                await clock.UntilAsync(from + arrival.At, stop);
                Begin(arrival, from + arrival.At, arrivalsEnd, over.Token);
            }

            await clock.UntilAsync(arrivalsEnd, stop);
            await Task.WhenAll(_open.Values).WaitAsync(TimeSpan.FromSeconds(scenario.DrainSeconds), stop);
        }
        catch (Exception error) when (error is TimeoutException || (error is OperationCanceledException && stop.IsCancellationRequested))
        {
            // What still runs is given up below, and counted as unfinished.
        }

        await over.CancelAsync();
        await Task.WhenAll(_open.Values);
    }

    private void Begin(Arrival arrival, double intended, double arrivalsEnd, CancellationToken over)
    {
        recorder.Arrived(intended);
        if (_open.Count >= scenario.SessionsMax)
        {
            recorder.Shed(clock.Now);
            return;
        }

        // Its work is made on another thread, so that the next arrival is not late for it. A session that fails by a mistake of ours stays here and fails the run.
        var task = new Task<Task>(async () =>
        {
            await RunAsync(Session.Of(scenario, arrival), intended, arrivalsEnd, over);
            _open.TryRemove(arrival.Index, out _);
        });
        _open[arrival.Index] = task.Unwrap(); // is there before it can end
        task.Start(TaskScheduler.Default);
    }

    private async Task RunAsync(Session session, double intended, double arrivalsEnd, CancellationToken over)
    {
        var messages = new JsonArray();
        if (session.System is { } system)
        {
            messages.Add(ChatBody.Message("system", system));
        }

        for (var i = 0; i < session.Turns.Count; i++)
        {
            var turn = session.Turns[i];
            messages.Add(ChatBody.Message("user", turn.Content));
            var body = ChatBody.Write(model, scenario, session, messages, turn.MaxTokens);
            var answer = await AskAsync(session.Part, i, turn, intended, body, over);
            if (i + 1 == session.Turns.Count)
            {
                break;
            }

            intended = (answer?.End ?? 0) + session.Turns[i + 1].ThinkSeconds;
            if (answer is not { Outcome: Outcome.Ok } || intended >= arrivalsEnd || over.IsCancellationRequested)
            {
                recorder.SessionEnded();
                break;
            }

            messages.Add(ChatBody.Message("assistant", answer.Text));
            try
            {
                await clock.UntilAsync(intended, over);
            }
            catch (OperationCanceledException)
            {
                recorder.SessionEnded();
                break;
            }
        }
    }

    /// <summary>Null if it was shed.</summary>
    private async Task<Answer?> AskAsync(string part, int number, Turn turn, double intended, byte[] body, CancellationToken over)
    {
        if (!recorder.TrySend(intended, clock.Now, number == 0))
        {
            return null;
        }

        var answer = await client.AskAsync(body, TimeSpan.FromSeconds(scenario.TimeoutSeconds), recorder, over);
        recorder.Done(part, number, intended, answer, turn.IsRight is { } isRight && answer.Outcome == Outcome.Ok ? isRight(answer.Text) : null);
        return answer;
    }
}
