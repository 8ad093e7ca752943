using Llama4.Cluster.Engine;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Llama4.Cluster;

/// <summary>
/// Step 2: the sequences of one replica. Admits requests; schedules (step 3, <see cref="BatchScheduler"/>), forwards (step 4), commits
/// and emits, several micro-batches at a time.
/// <para>Reentrant: submissions, cancellations and the continuations of steps in flight interleave, each on this grain's own
/// scheduler, so one at a time. All of them leave the scheduler consistent before they await; nothing of it is kept over an await.</para>
/// </summary>
[GrainType(GrainNames.Engine), PlanPlacement, KeepAlive, Immovable, Reentrant]
internal sealed partial class EngineGrain(
    ModelHost host, PlanBoard board, SchedulerLimits limits, TimeProvider clock, ILogger<EngineGrain> logger) : Grain, IEngineGrain
{
    private readonly Emitter _emitter = new();
    private BatchScheduler? _scheduler;
    private MicroBatchPolicy? _policy;
    private ICoordinatorGrain? _coordinator;
    private Exception? _broken;

    /// <summary>When the last step was committed, if steps have been in flight ever since.</summary>
    private long? _lastCommit;

    public ValueTask LoadAsync(long epoch)
    {
        var plan = board.Require(epoch, ToString()!);
        var remote = plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host != layer.Attention));
        _policy ??= new MicroBatchPolicy(limits.MicroBatchesMax, remote);
        _scheduler ??= new BatchScheduler(limits, host.Kv, _policy);
        _scheduler.Epoch = epoch;
        _coordinator = GrainFactory.GetCoordinator((int)this.GetPrimaryKeyLong(), stage: 0);
        return ValueTask.CompletedTask;
    }

    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, IGenerationObserver observer)
    {
        if (_scheduler is null || _broken is not null)
        {
            return ValueTask.FromResult(new SubmitResult(
                SubmitStatus.Unavailable,
                _broken is null ? "The cluster is starting." : $"The engine has stopped: {_broken.Message}",
                limits.RetryAfterSeconds));
        }
        var submission = _scheduler.Submit(request);
        if (submission.Result.Status == SubmitStatus.Accepted)
        {
            _emitter.Add(request.Id, observer);
            if (submission.Ended is { } ended)
                _emitter.Emit([ended], [], null);
            Pump();
        }
        return ValueTask.FromResult(submission.Result);
    }

    public ValueTask CancelAsync(Guid request)
    {
        if (_scheduler?.Cancel(request) is { } ended)
        {
            _emitter.Emit([ended], [], null);
            Pump(); // its blocks may let somebody in
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<EngineStatus> StatusAsync() =>
        ValueTask.FromResult(_scheduler?.Status ?? new EngineStatus(0, 0, 0, 0, 0, 0, 0));

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _emitter.EndAll("The cluster is shutting down.");
        return Task.CompletedTask;
    }

    /// <summary>Starts every step that can run now.</summary>
    private void Pump()
    {
        try
        {
            while (_broken is null && _scheduler!.Next() is { } step)
                _ = RunAsync(step);
        }
        catch (Exception invariant)
        {
            Break(invariant);
        }
    }

    /// <summary>One step from forward to emission. Never throws: a failed step is done again or ends its sequences; a broken invariant ends all.</summary>
    private async Task RunAsync(StepPlan step)
    {
        try
        {
            DrawnToken[] drawn;
            try
            {
                drawn = await _coordinator!.RunAsync(step, Draws(step));
            }
            catch (Exception failure)
            {
                StepFailed(logger, step.Step, step.Rows, failure);
                _lastCommit = null;
                _emitter.Emit(_scheduler!.Abort(step, StepFailure.Replay), [], failure.Message);
                Pump();
                return;
            }
            var now = clock.GetTimestamp();
            if (_lastCommit is { } last)
                _policy!.Observe(step, _scheduler!.Running, clock.GetElapsedTime(last, now).TotalSeconds);
            var emissions = _scheduler!.Commit(step, Array.ConvertAll(drawn, token => token.Id));
            Pump(); // the device works on while the tokens go out
            _lastCommit = _scheduler.StepsInFlight > 0 ? now : null;
            _emitter.Emit(emissions, drawn, null);
        }
        catch (Exception invariant)
        {
            Break(invariant);
        }
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
        _emitter.EndAll($"The engine has stopped: {invariant.Message}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Step {Step} of {Rows} rows failed")]
    private static partial void StepFailed(ILogger logger, long step, int rows, Exception failure);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has stopped: an invariant is broken")]
    private static partial void EngineStopped(ILogger logger, Exception invariant);
}
