using Llama4.Cluster.Engine;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime;

namespace Llama4.Cluster;

/// <summary>
/// Temporary.
/// </summary>
[GrainType(GrainNames.Engine), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed partial class EngineGrain(
    ModelHost host, PlanBoard board, SchedulerLimits limits, TimeProvider clock, ILogger<EngineGrain> logger) : Grain, IEngineGrain
{
    private readonly Dictionary<Guid, Outbox> _gateways = [];
    private readonly Dictionary<Guid, Guid> _open = [];
    private BatchScheduler? _scheduler;
    private MicroBatchPolicy? _policy;
    private ICoordinatorGrain? _coordinator;
    private Exception? _broken;
    private long? _lastCommit;
    private bool _paused;
    private bool _moved;
    private long _run;
    private PlacementPlan? _plan;
    private readonly Dictionary<long, StepPlan> _inFlight = [];
    private TaskCompletionSource? _drained;

    public ValueTask ResumeAsync(long epoch)
    {
        var plan = board.Require(epoch, this);
        var replica = GrainNames.Number(this.GetPrimaryKeyString());
        if (plan.Replicas.Length <= replica || plan.Replicas[replica].Engine != host.Id)
        {
            _moved = true;
            foreach (var outbox in _gateways.Values)
                outbox.Wake();
            DeactivateOnIdle();
            return ValueTask.CompletedTask;
        }
        if (_plan is not null && _scheduler is not null && !SameAttention(_plan, plan, replica))
        {
            AbandonAll();
            _scheduler.DropKv();
        }
        _plan = plan;
        _paused = false;
        _policy ??= new MicroBatchPolicy(limits.MicroBatchesMax, plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host != host.Id)));
        _scheduler ??= new BatchScheduler(limits, host.Kv, _policy);
        _scheduler.Epoch = epoch;
        _coordinator = GrainFactory.GetCoordinator(replica, 0, plan.Replicas[replica].Stages[0].Host);
        Pump();
        return ValueTask.CompletedTask;
    }

    private static bool SameAttention(PlacementPlan before, PlacementPlan after, int replica)
    {
        for (var layer = 0; layer < after.Layers.Length; layer++)
        {
            if (before.Replicas[replica].StageOf(layer).Host != after.Replicas[replica].StageOf(layer).Host)
                return false;
        }
        return true;
    }

    public async ValueTask PauseAsync(long epoch, bool abandon)
    {
        _paused = true;
        if (!abandon && _inFlight.Count > 0)
        {
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await Task.WhenAny(_drained.Task, Task.Delay(2000));
        }
        AbandonAll();
    }

    private void AbandonAll()
    {
        _run++;
        foreach (var step in _inFlight.Values)
            Emit(_scheduler!.Abort(step, StepFailure.HostLost), [], null);
        _inFlight.Clear();
        _lastCommit = null;
    }

    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway)
    {
        if (_scheduler is null || _broken is not null || _moved)
            return ValueTask.FromResult(new SubmitResult(SubmitStatus.Unavailable, "The cluster is starting.", limits.RetryAfterSeconds));
        if (_open.ContainsKey(request.Id) && _scheduler.Cancel(request.Id) is null)
            return ValueTask.FromResult(new SubmitResult(SubmitStatus.Unavailable, "It is in a step.", 1));
        var submission = _scheduler.Submit(request);
        if (submission.Result.Status == SubmitStatus.Accepted)
        {
            if (!_gateways.ContainsKey(gateway))
                _gateways.Add(gateway, new Outbox());
            _open[request.Id] = gateway;
            if (submission.Ended is { } ended)
                Emit([ended], [], null);
            Pump();
        }
        return ValueTask.FromResult(submission.Result);
    }

    public ValueTask CancelAsync(Guid request)
    {
        if (_scheduler?.Cancel(request) is { } ended)
        {
            Emit([ended], [], null);
            Pump();
        }
        return ValueTask.CompletedTask;
    }

    public async ValueTask<EngineAnswer> PollAsync(Guid gateway, long acknowledged)
    {
        if (_moved)
            return new EngineAnswer(EngineState.Moved, acknowledged, []);
        if (!_gateways.TryGetValue(gateway, out var outbox))
            return new EngineAnswer(EngineState.Unknown, acknowledged, []);
        outbox.Acknowledge(acknowledged);
        if (outbox.Waiting() is { Length: > 0 } now)
            return new EngineAnswer(EngineState.Serving, outbox.Last, now);
        await Task.WhenAny(outbox.ArrivedAsync(), Task.Delay(20));
        return new EngineAnswer(EngineState.Serving, outbox.Last, outbox.Waiting());
    }

    public ValueTask<EngineStatus> StatusAsync() =>
        ValueTask.FromResult(_scheduler?.Status ?? new EngineStatus(0, 0, 0, 0, 0, 0, 0));

    private void Emit(IReadOnlyList<Emission> emissions, DrawnToken[] drawn, string? error)
    {
        foreach (var emission in emissions)
        {
            var token = emission.LogitRow >= 0 ? drawn[emission.LogitRow] : default;
            _gateways[_open[emission.Request]].Put(new TokenChunk
            {
                Request = emission.Request,
                Index = emission.Index,
                Token = emission.Token,
                Logprob = token.Logprob,
                TopLogprobs = token.Top,
                Finish = emission.Finish,
                CachedTokens = emission.CachedTokens,
                Error = emission.Finish == FinishReason.Error ? error ?? "The step failed." : null,
            });
            if (emission.Finish is not null)
                _open.Remove(emission.Request);
        }
    }

    private void Pump()
    {
        try
        {
            while (_broken is null && !_paused && !_moved && _scheduler!.Next() is { } step)
            {
                _inFlight.Add(step.Step, step);
                _ = RunAsync(step, _run);
            }
        }
        catch (Exception invariant)
        {
            Break(invariant);
        }
    }

    private async Task RunAsync(StepPlan step, long run)
    {
        try
        {
            DrawnToken[] drawn;
            try
            {
                drawn = await _coordinator!.RunAsync(step, Draws(step));
            }
            catch (Exception) when (run != _run)
            {
                return; // abandoned
            }
            catch (Exception failure) when (failure is HostUnreachableException or StaleEpochException or OrleansException or TimeoutException)
            {
                await Task.Delay(50);
                if (run != _run)
                    return;
                _inFlight.Remove(step.Step);
                _lastCommit = null;
                Emit(_scheduler!.Abort(step, StepFailure.HostLost), [], failure.Message);
                Drained();
                Pump();
                return;
            }
            catch (Exception failure)
            {
                _inFlight.Remove(step.Step);
                Drained();
                StepFailed(logger, step.Step, step.Rows, failure);
                _lastCommit = null;
                Emit(_scheduler!.Abort(step, StepFailure.Replay), [], failure.Message);
                Pump();
                return;
            }
            if (run != _run)
                return;
            _inFlight.Remove(step.Step);
            var now = clock.GetTimestamp();
            if (_lastCommit is { } last)
                _policy!.Observe(step, _scheduler!.Running, clock.GetElapsedTime(last, now).TotalSeconds);
            var emissions = _scheduler!.Commit(step, Array.ConvertAll(drawn, token => token.Id));
            Pump();
            _lastCommit = _scheduler.StepsInFlight > 0 ? now : null;
            Emit(emissions, drawn, null);
            Drained();
        }
        catch (Exception invariant)
        {
            Break(invariant);
        }
    }

    private void Drained()
    {
        if (_inFlight.Count == 0)
            _drained?.TrySetResult();
    }

    private TokenDraw[] Draws(StepPlan step)
    {
        if (step.LogitRows.Length == 0)
            return [];
        var draws = new TokenDraw[step.LogitRows.Length];
        var count = 0;
        foreach (var slice in step.Slices)
        {
            if (slice.Samples)
                draws[count++] = DrawOf(_scheduler!.View(slice.Sequence));
        }
        return draws;
    }

    private static TokenDraw DrawOf(SequenceView view)
    {
        var settings = view.Sampling;
        var penalised = settings.RepetitionPenalty != 1 || settings.PresencePenalty != 0 || settings.FrequencyPenalty != 0;
        return new TokenDraw(
            settings,
            penalised ? view.Prompt : default,
            penalised ? view.Output : default,
            view.Seed, view.Choice, view.Position, view.Request.TopLogprobs);
    }

    private void Break(Exception invariant)
    {
        EngineStopped(logger, invariant);
        _broken ??= invariant;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Step {Step} of {Rows} rows failed")]
    private static partial void StepFailed(ILogger logger, long step, int rows, Exception failure);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has stopped: an invariant is broken")]
    private static partial void EngineStopped(ILogger logger, Exception invariant);
}
