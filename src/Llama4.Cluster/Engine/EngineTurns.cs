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
/// Step 2: the sequences of one replica. Admits requests; schedules (step 3, <see cref="BatchScheduler"/>), forwards (step 4), commits
/// and emits, several micro-batches at a time. Between two plans it stands still: <see cref="PauseAsync"/>, <see cref="ResumeAsync"/>; before that its keys and
/// values are moved.
/// <para>One caller at a time; submissions, polls, cancellations and the continuations of steps in flight interleave. All of them leave the
/// scheduler consistent before they await; nothing of it is kept over an await. It knows neither threads nor Orleans' runtime: a simulation runs it as it is.</para>
/// </summary>
/// <param name="self">The host it runs on.</param>
/// <param name="kv">Of every attention host.</param>
/// <param name="layers">Which of them has which.</param>
/// <param name="moved">Told once, when another host has the replica.</param>
internal sealed partial class EngineTurns(
    HostId self, int replica, KvSizes kv, KvLayers layers, SchedulerLimits limits, PlanBoard board, Links links, IGrainFactory grains, TimeProvider clock, Action moved,
    ILogger logger)
{
    private readonly Emitter _emitter = new(new RequestImages(replica, board, new RemoteCalls(board, links), grains, clock), new SequenceSpans(self, replica));
    private static readonly TimeSpan PollHeld = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    /// <summary>A gateway that has not asked for so long is gone.</summary>
    public static readonly TimeSpan GatewayLimit = TimeSpan.FromSeconds(10);

    private readonly ToldConstraints _told = new(replica, board, new RemoteCalls(board, links), grains, clock);
    private readonly StepsInFlight _steps = new();
    private readonly StepAllowance _allowance = new();
    private BatchScheduler? _scheduler;
    /// <summary>What the number of micro-batches depends on.</summary>
    private (bool RemoteExperts, int Stages) _way;
    private PlacementPlan? _plan;
    private ICoordinatorGrain? _coordinator;

    /// <summary>Where it is.</summary>
    private HostId _firstStage;

    /// <summary>Steps go through other hosts, on whose way a message may be lost.</summary>
    private bool _isSpread;
    private bool _paused;
    private bool _moved;

    /// <summary>Made with the first plan, as the scheduler is.</summary>
    private KvMoving? _moving;

    /// <summary>The last pause that was asked for, and what it comes to.</summary>
    private (long Epoch, bool Abandon, Task<HeldKv?> Task)? _pause;
    private int _pauses;

    /// <summary>Epoch of the plan that the last pause was for: it is written, so no earlier one comes into force any more.</summary>
    private long _standsFor;

    /// <summary>KV blocks that the hosts of the plan that the engine stands still for hold.</summary>
    private (long Epoch, List<NamedBlock> Blocks)? _kept;
    private Exception? _broken;

    /// <summary>When the last step was committed, if steps have been in flight ever since.</summary>
    private long? _lastCommit;

    /// <summary>Since when steps fail because of hosts, with none committed between.</summary>
    private long? _stuckSince;

    /// <summary>Since when it makes no steps; null while it does.</summary>
    private long? _stoodSince;

    /// <summary>Told of every step; null for nobody.</summary>
    public EngineMeter? Meter { get; init; }

    /// <summary>Null before the first plan.</summary>
    public BatchScheduler? Scheduler => _scheduler;

    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway)
    {
        if (_scheduler is null || _moved || _broken is not null)
        {
            return ValueTask.FromResult(new SubmitResult(
                SubmitStatus.Unavailable,
                _broken is null ? "The cluster is starting, or the engine has moved." : $"The engine has stopped: {_broken.Message}",
                limits.RetryAfterSeconds));
        }
        if (_emitter.TryInside(request.Id, out var earlier))
        {
            _emitter.Forget(request.Id);
            _scheduler.Cancel(earlier);
        }
        if (_emitter.Images.Refusal(request, limits.RetryAfterSeconds) is { } refusal)
            return ValueTask.FromResult(refusal);
        var inside = Guid.NewGuid();
        var isReady = request.Images.Length == 0 && (request.Constraint is null || _told.Has(request.Constraint));
        var submission = _scheduler.Submit(request with { Id = inside }, isReady);
        if (submission.Result.Status != SubmitStatus.Accepted)
            return ValueTask.FromResult(submission.Result);
        var box = _emitter.Add(request, inside, gateway, clock.GetTimestamp());
        if (submission.Ended is { } ended)
            _emitter.Emit([ended], [], null);
        else if (!isReady)
            _ = PrepareAsync(inside, request);
        Pump();
        return ValueTask.FromResult(submission.Result with { Outbox = box.Id });
    }

    /// <summary>
    /// A request comes to no step before its constraint is compiled where its tokens are drawn and the rows of its pictures are here. Never throws: what
    /// cannot be had ends the request.
    /// </summary>
    private async Task PrepareAsync(Guid inside, GenerateRequest request)
    {
        try
        {
            if (request.Constraint is { } constraint)
                await _told.TellAsync(constraint);
            if (request.Images.Length == 0 || await _emitter.Images.HoldAsync(inside, request.Images))
                _scheduler!.Ready(inside);
        }
        catch (Exception failure)
        {
            if (_scheduler!.Fail(inside) is { } ended)
                _emitter.Emit([ended], [], failure.Message);
        }
        Pump();
    }

    public ValueTask CancelAsync(Guid request)
    {
        if (_emitter.TryInside(request, out var inside) && _scheduler!.Cancel(inside) is { } ended)
        {
            _emitter.Emit([ended], [], null);
            Pump(); // its blocks may let somebody in
        }
        return ValueTask.CompletedTask;
    }

    public async ValueTask<EngineAnswer> PollAsync(Guid gateway, Guid outbox, long acknowledged)
    {
        if (_moved)
            return new EngineAnswer(EngineState.Moved, acknowledged, []);
        if (_emitter.BoxOf(gateway) is not { } box)
            return new EngineAnswer(EngineState.Unknown, acknowledged, []);
        box.Polled = clock.GetTimestamp();
        if (outbox == box.Id)
            box.Acknowledge(acknowledged);
        if (box.IsEmpty)
            await Task.WhenAny(box.ArrivedAsync(), Task.Delay(PollHeld, clock));
        return _moved ? new EngineAnswer(EngineState.Moved, acknowledged, []) : box.Waiting();
    }

    public ValueTask<EngineStatus> StatusAsync() =>
        ValueTask.FromResult(_scheduler?.Status ?? new EngineStatus(0, 0, 0, 0, 0, 0, 0));

    public ValueTask MoveKvAsync(PlacementPlan next) =>
        _plan is { } plan && plan.Epoch == next.Follows && !_paused && !_moved ? new ValueTask(_moving!.MoveAsync(plan, next)) : ValueTask.CompletedTask;

    public ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon)
    {
        if (board.Current?.Epoch >= next.Epoch)
            return ValueTask.FromResult<HeldKv?>(null); // said twice, and meanwhile the plan is in force
        if (_pause is not { } pause || pause.Epoch != next.Epoch || pause.Abandon != abandon || pause.Task.IsCompleted)
        {
            _stoodSince ??= clock.GetTimestamp();
            (_paused, _kept, _standsFor) = (true, null, Math.Max(_standsFor, next.Epoch));
            pause = (next.Epoch, abandon, StandStillAsync(next, abandon, ++_pauses));
            _pause = pause;
        }
        return new ValueTask<HeldKv?>(pause.Task);
    }

    public ValueTask ResumeAsync(long epoch, HeldKv? held)
    {
        var plan = board.Require(epoch, $"engine {replica}");
        if (epoch < _standsFor)
            return ValueTask.CompletedTask; // said for a plan before the one it stands still for, whose engine may count on what is held by now
        if (plan.Replicas.Length <= replica || plan.Replicas[replica].Engine != self)
        {
            Move();
            return ValueTask.CompletedTask;
        }
        var way = (RemoteExperts: plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host != self)), Stages: plan.Replicas[replica].Stages.Length);
        if (_scheduler is null || way != _way)
        {
            _way = way;
            var policy = new MicroBatchPolicy(limits.MicroBatchesMax, way.RemoteExperts, way.Stages);
            _scheduler ??= new BatchScheduler(limits, kv, policy);
            _scheduler.Policy = policy;
            _moving ??= new KvMoving(replica, layers, () => _scheduler.NamedBlocks, limits.LastKvMax, board, links, grains, clock, logger);
        }
        if (_plan?.Epoch != plan.Epoch)
            TakeOver(plan, held);
        _plan = plan;
        _isSpread = plan.Hosts.Any(host => host != self && PlanSituation.Owns(plan, host));
        _scheduler.Epoch = epoch;
        _firstStage = plan.Replicas[replica].Stages[0].Host;
        _coordinator = grains.GetCoordinator(replica, stage: 0, _firstStage);
        if (_stoodSince is { } since)
            Meter?.CountStandstill(clock.GetElapsedTime(since));
        (_paused, _kept, _stuckSince, _stoodSince) = (false, null, null, null);
        Pump();
        return ValueTask.CompletedTask;
    }

    /// <summary>Steps in flight end; then, if none had to be given up, what became complete since the last round of copying is copied.</summary>
    /// <returns>What is held for another engine.</returns>
    private async Task<HeldKv?> StandStillAsync(PlacementPlan next, bool abandon, int pause)
    {
        if (!abandon && _steps.Count > 0)
            await Task.WhenAny(_steps.EmptyAsync(), Task.Delay(DrainLimit, clock));
        var isDrained = !abandon && _steps.Count == 0;
        Abandon();
        if (!isDrained || !IsNext() || replica >= next.Replicas.Length)
            return null;
        var (before, after) = (_plan!, next.Replicas[replica]);
        if (after.Engine == self && HasSameAttention(before.Replicas[replica], after))
            return null; // it keeps all that it has
        var kept = await _moving!.FinishAsync(before, next);
        if (!IsNext() || _plan != before)
            return null;
        _kept = (next.Epoch, kept);
        return after.Engine != self ? HeldBlocks.Tell(replica, kept) : null;

        // Asked again after each wait: the plan may be in force by now, or another pause was asked for.
        bool IsNext() => _paused && pause == _pauses && _plan?.Epoch == next.Follows;
    }

    /// <summary>The keys and values that the hosts of a new plan hold go on to be used; everything else is computed again.</summary>
    private void TakeOver(PlacementPlan plan, HeldKv? held)
    {
        Abandon(); // of a host that slept through the pause
        if (_plan is { } before && plan.Follows == before.Epoch)
        {
            if (!HasSameAttention(before.Replicas[replica], plan.Replicas[replica]))
                _scheduler!.DropKv(_kept is { } kept && kept.Epoch == plan.Epoch ? kept.Blocks : []);
        }
        else
        {
            // By a plan that was missed another engine may have written into the same blocks: only what the engine before has told counts.
            _scheduler!.TakeOver(held is null ? [] : HeldBlocks.Hear(held));
        }
    }

    /// <summary>What is open ends with an error, unless another host has it.</summary>
    public void Stop()
    {
        if (!_moved)
            _emitter.EndAll("The cluster is shutting down.");
    }

    /// <summary>Another host has the replica: gateways submit there what is open, so nothing is told of it here any more.</summary>
    private void Move()
    {
        _moved = true;
        Abandon();
        _emitter.Spans.Move();
        _emitter.WakeAll();
        moved();
    }

    /// <summary>Starts every step that can run now.</summary>
    private void Pump()
    {
        try
        {
            while (!_paused && !_moved && _broken is null)
            {
                var scheduling = _emitter.Spans.AreOpen ? DateTime.UtcNow : default;
                if (_scheduler!.Next() is not { } step)
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
        try
        {
            try
            {
                var sent = clock.GetTimestamp();
                var images = StepImages.Of(step, _scheduler!, _emitter.Images);
                var draws = StepDraws.Of(step, _scheduler!, _told);
                var isFollowed = Meter?.Follow(draws) ?? false;
                spans = StepSpans.Of(step, _scheduler!, _emitter.Spans, scheduling);
                var running = _coordinator!.RunAsync(spans?.Mark(step, draws) ?? step, draws, images).AsTask();
                if (images is not null)
                    _ = RemoteCalls.ForgetAsync(running, images); // to another host they were written into a message, however late
                if (_firstStage != self)
                    _ = links.Observe(_firstStage, running);
                var drawn = await (_isSpread ? running.WaitAsync(_allowance.For(step.Rows), clock) : running);
                var elapsed = clock.GetElapsedTime(sent);
                _allowance.Observe(step.Rows, elapsed);
                if (_steps.TryEnd(step))
                {
                    Meter?.Count(step.Rows, elapsed, drawn, isFollowed);
                    _told.Add(draws, step.Epoch);
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
                _told.Forget();
                _lastCommit = null;
                _emitter.Emit(_scheduler!.Abort(step, StepFailure.HostLost), [], null);
                Pump();
            }
            catch (Exception failure) when (HostFailures.Is(failure))
            {
                spans?.Fail(failure);
                if (!_steps.Has(step))
                    return; // given up before
                if (failure is TimeoutException)
                    Expire(step, failure);
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
                _emitter.Emit(_scheduler!.Abort(step, StepFailure.Replay), [], failure.Message);
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

    private void Commit(StepPlan step, DrawnToken[] drawn)
    {
        var now = clock.GetTimestamp();
        if (_lastCommit is { } last)
            _scheduler!.Policy.Observe(step, _scheduler!.Running, clock.GetElapsedTime(last, now).TotalSeconds);
        var emissions = _scheduler!.Commit(step, Array.ConvertAll(drawn, token => token.Id));
        _stuckSince = null;
        Pump(); // the device works on while the tokens go out
        _lastCommit = _steps.Count > 0 ? now : null;
        _emitter.Emit(emissions, drawn, null);
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
            _emitter.Emit(_scheduler!.Abort(step, StepFailure.End), [], $"no step could be done for {HostFailures.Limit.TotalSeconds:0} s: {failure.Message}");
            Pump();
            return;
        }
        await Task.Delay(HostFailures.Pause, clock);
        if (!_steps.TryEnd(step))
            return; // abandoned meanwhile
        _emitter.Emit(_scheduler!.Abort(step, StepFailure.HostLost), [], failure.Message);
        Pump();
    }

    /// <summary>A step takes so long that some message of it must be lost.</summary>
    private void Expire(StepPlan step, Exception failure)
    {
        _lastCommit = null;
        _allowance.Expired();
        StepFailed(logger, step.Step, step.Rows, failure);
        _steps.TryEnd(step);
        _emitter.Emit(_scheduler!.Abort(step, _allowance.IsExhausted ? StepFailure.End : StepFailure.HostLost), [], failure.Message);
        Pump();
    }

    /// <summary>Steps in flight are given up; what comes of them is ignored.</summary>
    private void Abandon()
    {
        _lastCommit = null;
        foreach (var step in _steps.TakeAll())
            _emitter.Emit(_scheduler!.Abort(step, StepFailure.HostLost), [], null);
    }

    private static bool HasSameAttention(ReplicaPlacement before, ReplicaPlacement after) =>
        after.Stages.All(stage => Enumerable.Range(stage.FirstLayer, stage.Layers).All(layer => before.StageOf(layer).Host == stage.Host));

    /// <summary>To be called every second or so: requests of gateways that are gone are cancelled.</summary>
    public void ForgetSilentGateways()
    {
        var since = clock.GetTimestamp() - (long)(GatewayLimit.TotalSeconds * clock.TimestampFrequency);
        foreach (var gateway in _emitter.SilentSince(since))
        {
            foreach (var orphan in _emitter.Remove(gateway))
                _scheduler!.Cancel(orphan);
            GatewaySilent(logger, gateway, GatewayLimit.TotalSeconds);
        }
        Pump();
    }

    private void Break(Exception invariant)
    {
        EngineStopped(logger, invariant);
        _broken ??= invariant;
        _emitter.EndAll($"The engine has stopped: {invariant.Message}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Step {Step} of {Rows} rows failed")]
    private static partial void StepFailed(ILogger logger, long step, int rows, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Gateway {Gateway} has not asked for {Seconds} s: its requests are cancelled")]
    private static partial void GatewaySilent(ILogger logger, Guid gateway, double seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has stopped: an invariant is broken")]
    private static partial void EngineStopped(ILogger logger, Exception invariant);
}
