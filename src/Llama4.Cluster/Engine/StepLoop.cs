using Llama4.Cluster.Calls;
using Llama4.Cluster.Images;
using Llama4.Cluster.Metrics;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Spans;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Engine;

/// <summary>
/// The steps of one engine: schedules (step 3, <see cref="BatchScheduler"/>), forwards (step 4), commits and emits, several micro-batches at a time. What fails is
/// done again, to a bound, or ends its sequences.
/// <para>One caller at a time; the continuations of steps in flight interleave with everything else. All of it leaves the scheduler consistent before it awaits.</para>
/// </summary>
/// <param name="self">The host it runs on.</param>
internal sealed partial class StepLoop(
    HostId self, int replica, Emitter emitter, ToldConstraints told, PlanBoard board, Links links, IGrainFactory grains, TimeProvider clock, ILogger logger)
{
    private readonly StepsInFlight _steps = new();
    private readonly StepAllowance _allowance = new();
    private ICoordinatorGrain? _coordinator;

    /// <summary>Where it is.</summary>
    private HostId _firstStage;

    /// <summary>Steps go through other hosts, on whose way a message may be lost.</summary>
    private bool _isSpread;
    private bool _isPaused;
    private bool _isStopped;

    /// <summary>When the last step was committed, if steps have been in flight ever since.</summary>
    private long? _lastCommit;

    /// <summary>Since when steps fail because of hosts, with none committed between.</summary>
    private long? _stuckSince;

    /// <summary>Told of every step; null for nobody.</summary>
    public EngineMeter? Meter { get; set; }

    /// <summary>Null before the first plan.</summary>
    public BatchScheduler? Scheduler { get; set; }

    /// <summary>The invariant that is broken: there are no more steps. Null while all is well.</summary>
    public Exception? Broken { get; private set; }

    /// <summary>Steps that were sent and are not over.</summary>
    public int InFlight => _steps.Count;

    /// <summary>Completes when no step is in flight.</summary>
    public Task EmptyAsync() => _steps.EmptyAsync();

    /// <summary>No step starts before <see cref="Resume"/>.</summary>
    public void Pause() => _isPaused = true;

    /// <summary>No step starts any more.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>Steps go by a plan from now on.</summary>
    public void Resume(PlacementPlan plan)
    {
        _isSpread = plan.Hosts.Any(host => host != self && PlanSituation.Owns(plan, host));
        Scheduler!.Epoch = plan.Epoch;
        _firstStage = plan.Replicas[replica].Stages[0].Host;
        _coordinator = grains.GetCoordinator(replica, stage: 0, _firstStage);
        (_isPaused, _stuckSince) = (false, null);
        Pump();
    }

    /// <summary>Steps in flight are given up; what comes of them is ignored.</summary>
    public void Abandon()
    {
        _lastCommit = null;
        foreach (var step in _steps.TakeAll())
            emitter.Emit(Scheduler!.Abort(step, StepFailure.HostLost), [], null);
    }

    /// <summary>Starts every step that can run now.</summary>
    public void Pump()
    {
        try
        {
            while (!_isPaused && !_isStopped && Broken is null)
            {
                var scheduling = emitter.Spans.AreOpen ? DateTime.UtcNow : default;
                if (Scheduler?.Next() is not { } step)
                    break;
                _ = RunAsync(step, scheduling);
            }
        }
        catch (Exception invariant)
        {
            Break(invariant);
        }
    }

    /// <summary>One step from forward to emission. Never throws: a failed step is done again or ends its sequences; a broken invariant ends all.</summary>
    /// <param name="scheduling">UTC: when the scheduler was asked for it, where somebody records that.</param>
    private async Task RunAsync(StepPlan step, DateTime scheduling)
    {
        _steps.Add(step);
        StepSpans? spans = null;
        var round = _allowance.Round;
        try
        {
            try
            {
                var (sent, suspicions) = (clock.GetTimestamp(), board.Suspicions);
                var images = StepImages.Of(step, Scheduler!, emitter.Images);
                var draws = StepDraws.Of(step, Scheduler!, told);
                var isFollowed = Meter?.Follow(draws) ?? false;
                spans = StepSpans.Of(step, Scheduler!, emitter.Spans, scheduling);
                var running = _coordinator!.RunAsync(spans?.Mark(step, draws) ?? step, draws, images).AsTask();
                if (images is not null)
                    _ = RemoteCalls.ForgetAsync(running, images); // to another host they were written into a message, however late
                if (_firstStage != self)
                    _ = links.Observe(_firstStage, running);
                var drawn = await (_isSpread ? WithinAllowanceAsync(running, step.Rows, sent) : running);
                var elapsed = clock.GetElapsedTime(sent);
                _allowance.Observe(step.Rows, elapsed, isDisturbed: board.Suspicions != suspicions);
                if (_steps.TryEnd(step))
                {
                    Meter?.Count(step.Rows, elapsed, drawn, isFollowed);
                    told.Add(draws, step.Epoch);
                    spans?.Commit(drawn);
                    Commit(step, drawn);
                }
            }
            catch (UnknownConstraintException unknown)
            {
                spans?.Fail(unknown);
                if (!_steps.TryEnd(step))
                    return; // given up before
                // Nothing is wrong with it: the next attempt brings the text.
                told.Forget();
                _lastCommit = null;
                emitter.Emit(Scheduler!.Abort(step, StepFailure.HostLost), [], null);
                Pump();
            }
            catch (Exception failure) when (HostFailures.Is(failure))
            {
                spans?.Fail(failure);
                if (!_steps.Has(step))
                    return; // given up before
                if (failure is TimeoutException)
                    Expire(step, failure, round);
                else
                    await HostLostAsync(step, failure);
            }
            catch (Exception failure)
            {
                spans?.Fail(failure);
                if (!_steps.TryEnd(step))
                    return; // given up before
                StepFailed(logger, step.Step, step.Rows, failure);
                _lastCommit = null;
                emitter.Emit(Scheduler!.Abort(step, StepFailure.Replay), [], failure.Message);
                Pump();
            }
        }
        catch (Exception invariant)
        {
            if (_steps.Has(step) || !HostFailures.Is(invariant))
                Break(invariant);
        }
        finally
        {
            spans?.GiveUp();
        }
    }

    /// <exception cref="TimeoutException">It took longer than it may. One that was sent while nothing was known may take what is known by now.</exception>
    private async Task<DrawnToken[]> WithinAllowanceAsync(Task<DrawnToken[]> running, int rows, long sent)
    {
        var limit = _allowance.For(rows);
        while (limit >= StepAllowance.Unknown)
        {
            try
            {
                return await running.WaitAsync(StepAllowance.Least, clock);
            }
            catch (TimeoutException) when (!running.IsCompleted && clock.GetElapsedTime(sent) < limit)
            {
                limit = TimeSpan.FromTicks(Math.Min(limit.Ticks, _allowance.For(rows).Ticks));
            }
        }
        var left = TimeSpan.FromTicks(Math.Max(0, (limit - clock.GetElapsedTime(sent)).Ticks));
        return await running.WaitAsync(left, clock);
    }

    private void Commit(StepPlan step, DrawnToken[] drawn)
    {
        var now = clock.GetTimestamp();
        if (_lastCommit is { } last)
            Scheduler!.Policy.Observe(step, Scheduler!.Running, clock.GetElapsedTime(last, now).TotalSeconds);
        var emissions = Scheduler!.Commit(step, Array.ConvertAll(drawn, token => token.Id));
        _stuckSince = null;
        Pump(); // the device works on while the tokens go out
        _lastCommit = _steps.Count > 0 ? now : null;
        emitter.Emit(emissions, drawn, null);
    }

    /// <summary>A host that the step went through is gone: it is done again by the next plan, or after a moment by this one.</summary>
    private async Task HostLostAsync(StepPlan step, Exception failure)
    {
        _lastCommit = null;
        _stuckSince ??= clock.GetTimestamp();
        if (clock.GetElapsedTime(_stuckSince.Value) > HostFailures.Limit)
        {
            StepFailed(logger, step.Step, step.Rows, failure);
            _steps.TryEnd(step);
            emitter.Emit(Scheduler!.Abort(step, StepFailure.End), [], $"no step could be done for {HostFailures.Limit.TotalSeconds:0} s: {failure.Message}");
            Pump();
            return;
        }
        await Task.Delay(HostFailures.Pause, clock);
        if (!_steps.TryEnd(step))
            return; // abandoned meanwhile
        emitter.Emit(Scheduler!.Abort(step, StepFailure.HostLost), [], failure.Message);
        Pump();
    }

    /// <summary>A step takes so long that some message of it must be lost.</summary>
    private void Expire(StepPlan step, Exception failure, int round)
    {
        _lastCommit = null;
        _allowance.Expired(round);
        StepFailed(logger, step.Step, step.Rows, failure);
        _steps.TryEnd(step);
        emitter.Emit(Scheduler!.Abort(step, _allowance.IsExhausted ? StepFailure.End : StepFailure.HostLost), [], failure.Message);
        Pump();
    }

    private void Break(Exception invariant)
    {
        EngineStopped(logger, invariant);
        Broken ??= invariant;
        emitter.EndAll($"The engine has stopped: {invariant.Message}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Step {Step} of {Rows} rows failed")]
    private static partial void StepFailed(ILogger logger, long step, int rows, Exception failure);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has stopped: an invariant is broken")]
    private static partial void EngineStopped(ILogger logger, Exception invariant);
}
