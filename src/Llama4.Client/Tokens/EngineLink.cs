using System.Collections.Concurrent;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Client.Tokens;

/// <summary>
/// One gateway's connection with the engine of one replica, over the engine's deaths and moves: it polls as long as requests are open, and submits them
/// again, with what was emitted, when the engine is another one or knows nothing of them.
/// </summary>
internal sealed class EngineLink(IEngineWay way, IPlanSource plans, int replica, TimeProvider clock, CancellationToken closed)
{
    private static readonly TimeSpan CancelLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Past it a new request is told to come again: a plan after a lost host is in force within a second.</summary>
    private static readonly TimeSpan AcceptLimit = TimeSpan.FromSeconds(5);

    /// <summary>Past it an accepted request ends with an error, whether nobody accepts it again or nobody answers polls: as long as an engine itself waits for hosts.</summary>
    private static readonly TimeSpan ReviveLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<Guid, Generation> _open = [];
    private readonly Guid _gateway = Guid.NewGuid();
    private int _polling;

    /// <summary>Number of the last poll.</summary>
    private long _lastPoll;

    /// <summary>Requests under way.</summary>
    public int Open => _open.Count;

    public async ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        var generation = new Generation(request, CancelAsync) { IsSubmitting = true, Clock = clock };
        if (!_open.TryAdd(request.Id, generation))
            return (new SubmitResult(SubmitStatus.Unavailable, $"Request {request.Id} is here already.", RetryAfterSeconds: 1), null);
        SubmitResult result;
        try
        {
            result = await TrySubmitAsync(generation, AcceptLimit, cancellation);
        }
        catch
        {
            _open.TryRemove(request.Id, out _);
            _ = CancelAsync(request.Id).AsTask(); // it may have been accepted all the same
            throw;
        }
        if (result.Status != SubmitStatus.Accepted)
        {
            _open.TryRemove(request.Id, out _);
            return (result, null);
        }
        if (Interlocked.Exchange(ref _polling, 1) == 0)
            _ = FollowAsync();
        return (result, generation);
    }

    public void EndAll(string error)
    {
        foreach (var (request, generation) in _open)
        {
            _open.TryRemove(request, out _);
            generation.Fail(error);
        }
    }

    private HostId? Engine => plans.Plan is { } plan && plan.Replicas.Length > replica ? plan.Replicas[replica].Engine : null;

    /// <summary>Never throws. Whatever polling fails with, no request is left open that nobody would ask for any more.</summary>
    private async Task FollowAsync()
    {
        try
        {
            await PollAsync();
        }
        catch (Exception failure)
        {
            Interlocked.Exchange(ref _polling, 0);
            EndAll($"The answer cannot go on: {failure.Message}");
        }
    }

    /// <summary>Ends when nothing is open.</summary>
    /// <exception cref="TimeoutException">Nobody answers.</exception>
    private async Task PollAsync()
    {
        HostId? polled = null;
        var heard = clock.GetTimestamp();
        var polls = new PollsUnderWay(clock);
        var (outbox, acknowledged) = (Guid.Empty, 0L);
        while (!closed.IsCancellationRequested)
        {
            if (_open.IsEmpty)
            {
                Interlocked.Exchange(ref _polling, 0);
                // A request may have come between the two lines above, and seen that somebody polls.
                if (_open.IsEmpty || Interlocked.Exchange(ref _polling, 1) == 1)
                    return;
            }
            if (clock.GetElapsedTime(heard) > ReviveLimit)
                throw new TimeoutException($"no engine has answered for {ReviveLimit.TotalSeconds} s");
            var changed = plans.Changed;
            var engine = Engine;
            if (engine != polled)
            {
                (polled, outbox, acknowledged) = (engine, Guid.Empty, 0);
                polls.Clear();
            }
            if (engine is not { } now)
            {
                await WaitAsync(changed);
                continue;
            }
            Revive(generation => generation.Engine != now);
            if (polls.DueIn == TimeSpan.Zero)
            {
                if (polls.Count > 0)
                    way.Avoid();
                polls.Add(Interlocked.Increment(ref _lastPoll), AskAsync(now, outbox, acknowledged));
            }
            if (await polls.NextAsync(changed, closed) is not { } ended)
                continue;
            if (await AnswerAsync(ended.Answer) is not { } answer)
            {
                await WaitAsync(changed);
                continue;
            }
            heard = clock.GetTimestamp();
            if (ended.IsOvertaken && (answer.State != EngineState.Serving || answer.Outbox != outbox))
                continue; // it may be of an activation before the one that is known by now: the next poll tells
            if (answer.State == EngineState.Serving)
            {
                (outbox, acknowledged) = (answer.Outbox, answer.Outbox == outbox ? Math.Max(acknowledged, answer.Last) : answer.Last);
                foreach (var chunk in answer.Chunks)
                    Take(chunk);
                Revive(generation => generation.Outbox != answer.Outbox && generation.AcceptedAfter < ended.Number);
            }
            else
            {
                (outbox, acknowledged) = (Guid.Empty, 0);
                await WaitAsync(changed);
                if (answer.State == EngineState.Unknown)
                    Revive(generation => generation.Engine == now && generation.AcceptedAfter < ended.Number);
            }
        }
    }

    /// <summary>Whatever it fails with is in the task.</summary>
    private async Task<EngineAnswer> AskAsync(HostId engine, Guid outbox, long acknowledged) => await way.PollAsync(engine, _gateway, outbox, acknowledged);

    /// <summary>Null for a poll that failed because the engine, or the way to it, is gone.</summary>
    private async Task<EngineAnswer?> AnswerAsync(Task<EngineAnswer> ended)
    {
        try
        {
            return await ended;
        }
        catch (Exception away) when (IsAway(away))
        {
            way.Avoid();
            return null;
        }
    }

    private void Take(TokenChunk chunk)
    {
        if (_open.TryGetValue(chunk.Request, out var generation) && generation.Take(chunk))
            _open.TryRemove(chunk.Request, out _);
    }

    /// <summary>
    /// What another engine has accepted than there is now, or this one before it was woken anew or forgot the gateway, is submitted again. Meanwhile the polls go on.
    /// </summary>
    private void Revive(Predicate<Generation> isLost)
    {
        foreach (var (_, generation) in _open)
        {
            if (!generation.IsSubmitting && isLost(generation))
            {
                generation.IsSubmitting = true;
                _ = ReviveAsync(generation);
            }
        }
    }

    /// <summary>Never throws.</summary>
    private async Task ReviveAsync(Generation generation)
    {
        string failure;
        var span = generation.Resubmission();
        try
        {
            var result = await TrySubmitAsync(generation, ReviveLimit, closed);
            if (result.Status == SubmitStatus.Accepted)
            {
                generation.Revived();
                return;
            }
            failure = result.Message;
        }
        catch (Exception error)
        {
            failure = error.Message;
        }
        finally
        {
            span?.SetTag("llama4.engine.to", generation.Engine?.Name).End();
        }
        generation.Fail($"The answer cannot go on: {failure}");
        _open.TryRemove(generation.Request, out _);
    }

    /// <summary>Until the engine has said yes, or no for good, or the time is over. A request that arrived twice is one: the engine knows its id.</summary>
    private async Task<SubmitResult> TrySubmitAsync(Generation generation, TimeSpan limit, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var revives = limit == ReviveLimit;
        while (true)
        {
            var changed = plans.Changed;
            var result = new SubmitResult(SubmitStatus.Unavailable, "The engine does not answer.", RetryAfterSeconds: 1);
            var asked = Engine;
            try
            {
                if (asked is { } engine)
                    result = await HedgedSubmission.RunAsync(() => SubmitAsync(engine, generation.Rest()), way.Avoid, clock, cancellation);
            }
            catch (Exception away) when (IsAway(away) && !cancellation.IsCancellationRequested)
            {
                way.Avoid();
                result = result with { Message = $"The engine does not answer: {away.Message}" };
            }
            if (result.Status == SubmitStatus.Accepted)
            {
                // The engine may be another one by now: the next poll sees that.
                (generation.Engine, generation.Outbox, generation.AcceptedAfter, generation.IsSubmitting) = (asked, result.Outbox, Volatile.Read(ref _lastPoll), false);
                return result;
            }
            var again = result.Status == SubmitStatus.Unavailable || (revives && result.Status == SubmitStatus.QueueFull);
            if (!again || closed.IsCancellationRequested || !_open.ContainsKey(generation.Request) || clock.GetElapsedTime(started) > limit)
                return result;
            await WaitAsync(changed);
        }
    }

    /// <summary>Whatever it fails with is in the task.</summary>
    private async Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request) => await way.SubmitAsync(engine, request, _gateway);

    /// <summary>Told to the engine also when it may just have ended there: unknown ids are ignored. An engine that does not hear it emits what nobody reads.</summary>
    private async ValueTask CancelAsync(Guid request)
    {
        _open.TryRemove(request, out _);
        if (closed.IsCancellationRequested || Engine is not { } engine)
            return;
        try
        {
            await way.CancelAsync(engine, request).WaitAsync(CancelLimit, clock, closed);
        }
        catch (Exception away) when (IsAway(away))
        {
            // It is gone, or will be: what it was told does not matter any more.
        }
    }

    private Task WaitAsync(Task changed) => Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(20), clock));

    private static bool IsAway(Exception error) => error is OrleansException or TimeoutException or OperationCanceledException;
}
