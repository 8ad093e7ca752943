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
/// Step 2: the sequences of one replica. Admits requests and gives their chunks to the gateways that poll; a <see cref="StepLoop"/> schedules, forwards, commits and
/// emits between. Between two plans it stands still (<see cref="Standstill"/>).
/// <para>One caller at a time; submissions, polls, cancellations and the continuations of steps in flight interleave. All of them leave the
/// scheduler consistent before they await; nothing of it is kept over an await. It knows neither threads nor Orleans' runtime: a simulation runs it as it is.</para>
/// </summary>
internal sealed partial class EngineTurns
{
    private static readonly TimeSpan PollHeld = TimeSpan.FromMilliseconds(20);

    /// <summary>A gateway that has not asked for so long is gone.</summary>
    public static readonly TimeSpan GatewayLimit = TimeSpan.FromSeconds(10);

    private readonly SchedulerLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Emitter _emitter;
    private readonly ToldConstraints _told;
    private readonly StepLoop _steps;
    private readonly Standstill _standstill;

    /// <param name="self">The host it runs on.</param>
    /// <param name="kv">Of every attention host.</param>
    /// <param name="layers">Which of them has which.</param>
    /// <param name="moved">Told once, when another host has the replica.</param>
    public EngineTurns(
        HostId self, int replica, KvSizes kv, KvLayers layers, SchedulerLimits limits, PlanBoard board, Links links, IGrainFactory grains, TimeProvider clock, Action moved,
        ILogger logger)
    {
        (_limits, _clock, _logger) = (limits, clock, logger);
        _emitter = new Emitter(new RequestImages(replica, board, new RemoteCalls(board, links), grains, clock), new SequenceSpans(self, replica));
        _told = new ToldConstraints(replica, board, new RemoteCalls(board, links), grains, clock);
        _steps = new StepLoop(self, replica, _emitter, _told, board, links, grains, clock, logger);
        _standstill = new Standstill(self, replica, kv, layers, limits, board, links, grains, clock, _steps, () => Leave(moved), logger);
    }

    /// <summary>Told of every step; null for nobody.</summary>
    public EngineMeter? Meter { get => _steps.Meter; init => _steps.Meter = value; }

    /// <summary>Null before the first plan.</summary>
    public BatchScheduler? Scheduler => _steps.Scheduler;

    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway)
    {
        if (Scheduler is null || _standstill.HasMoved || _steps.Broken is not null)
        {
            return ValueTask.FromResult(new SubmitResult(
                SubmitStatus.Unavailable,
                _steps.Broken is { } broken ? $"The engine has stopped: {broken.Message}" : "The cluster is starting, or the engine has moved.",
                _limits.RetryAfterSeconds));
        }
        if (_emitter.BoxOf(request, gateway) is { } has)
        {
            has.Polled = _clock.GetTimestamp();
            return ValueTask.FromResult(SubmitResult.Accepted with { Outbox = has.Id });
        }
        if (_emitter.TryInside(request.Id, out var earlier))
        {
            _emitter.Forget(request.Id);
            Scheduler.Cancel(earlier);
        }
        if (_emitter.Images.Refusal(request, _limits.RetryAfterSeconds) is { } refusal)
            return ValueTask.FromResult(refusal);
        var inside = Guid.NewGuid();
        var isReady = request.Images.Length == 0 && (request.Constraint is null || _told.Has(request.Constraint));
        var submission = Scheduler.Submit(request with { Id = inside }, isReady);
        if (submission.Result.Status != SubmitStatus.Accepted)
            return ValueTask.FromResult(submission.Result);
        var box = _emitter.Add(request, inside, gateway, _clock.GetTimestamp());
        if (submission.Ended is { } ended)
            _emitter.Emit([ended], [], null);
        else if (!isReady)
            _ = PrepareAsync(inside, request);
        _steps.Pump();
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
                Scheduler!.Ready(inside);
        }
        catch (Exception failure)
        {
            if (Scheduler!.Fail(inside) is { } ended)
                _emitter.Emit([ended], [], failure.Message);
        }
        _steps.Pump();
    }

    public ValueTask CancelAsync(Guid request)
    {
        if (_emitter.TryInside(request, out var inside) && Scheduler!.Cancel(inside) is { } ended)
        {
            _emitter.Emit([ended], [], null);
            _steps.Pump(); // its blocks may let somebody in
        }
        return ValueTask.CompletedTask;
    }

    public async ValueTask<EngineAnswer> PollAsync(Guid gateway, Guid outbox, long acknowledged)
    {
        if (_standstill.HasMoved)
            return new EngineAnswer(EngineState.Moved, acknowledged, []);
        if (_emitter.BoxOf(gateway) is not { } box)
            return new EngineAnswer(EngineState.Unknown, acknowledged, []);
        box.Polled = _clock.GetTimestamp();
        if (outbox == box.Id)
            box.Acknowledge(acknowledged);
        if (box.IsEmpty)
            await Task.WhenAny(box.ArrivedAsync(), Task.Delay(PollHeld, _clock));
        return _standstill.HasMoved ? new EngineAnswer(EngineState.Moved, acknowledged, []) : box.Waiting();
    }

    public ValueTask<EngineStatus> StatusAsync() =>
        ValueTask.FromResult(Scheduler?.Status ?? new EngineStatus(0, 0, 0, 0, 0, 0, 0));

    public ValueTask MoveKvAsync(PlacementPlan next) => _standstill.MoveKvAsync(next);

    public ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon) => _standstill.PauseAsync(next, abandon);

    public ValueTask ResumeAsync(long epoch, HeldKv? held) => _standstill.ResumeAsync(epoch, held);

    /// <summary>What is open ends with an error, unless another host has it.</summary>
    public void Stop()
    {
        if (!_standstill.HasMoved)
            _emitter.EndAll("The cluster is shutting down.");
    }

    /// <summary>To be called every second or so: requests of gateways that are gone are cancelled.</summary>
    public void ForgetSilentGateways()
    {
        var since = _clock.GetTimestamp() - (long)(GatewayLimit.TotalSeconds * _clock.TimestampFrequency);
        foreach (var gateway in _emitter.SilentSince(since))
        {
            foreach (var orphan in _emitter.Remove(gateway))
                Scheduler!.Cancel(orphan);
            GatewaySilent(_logger, gateway, GatewayLimit.TotalSeconds);
        }
        _steps.Pump();
    }

    /// <summary>Another host has the replica: gateways submit there what is open, so nothing is told of it here any more.</summary>
    private void Leave(Action moved)
    {
        _emitter.Spans.Move();
        _emitter.WakeAll();
        moved();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Gateway {Gateway} has not asked for {Seconds} s: its requests are cancelled")]
    private static partial void GatewaySilent(ILogger logger, Guid gateway, double seconds);
}
