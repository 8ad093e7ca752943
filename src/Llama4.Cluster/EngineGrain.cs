using Llama4.Cluster.Calls;
using Llama4.Cluster.Engine;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Metrics;
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
/// The door of a replica's engine, <see cref="EngineTurns"/>. Reentrant: submissions, polls, cancellations and the continuations of steps in
/// flight interleave, each on this grain's own scheduler, so one at a time.
/// </summary>
[GrainType(GrainNames.Engine), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class EngineGrain(ModelHost host, PlanBoard board, Links links, SchedulerLimits limits, EnginesHere engines, StepMeter meter, TimeProvider clock, ILogger<EngineGrain> logger) : Grain, IEngineGrain
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private EngineTurns _turns = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var replica = GrainNames.Number(this.GetPrimaryKeyString());
        _turns = new EngineTurns(host.Id, replica, host.Kv, host.KvLayers, limits, board, links, GrainFactory, clock, DeactivateOnIdle, logger) { Meter = new EngineMeter(meter, replica, clock) };
        engines.Add(replica, _turns);
        this.RegisterGrainTimer(ForgetSilentGateways, new GrainTimerCreationOptions(EngineTurns.GatewayLimit, LookEvery) { Interleave = true });
        return Task.CompletedTask;
    }

    public ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway) => _turns.SubmitAsync(request, gateway);

    public ValueTask CancelAsync(Guid request) => _turns.CancelAsync(request);

    public ValueTask<EngineAnswer> PollAsync(Guid gateway, Guid outbox, long acknowledged) => _turns.PollAsync(gateway, outbox, acknowledged);

    public ValueTask<EngineStatus> StatusAsync() => _turns.StatusAsync();

    public ValueTask MoveKvAsync(PlacementPlan next) => _turns.MoveKvAsync(next);

    public ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon) => _turns.PauseAsync(next, abandon);

    public ValueTask ResumeAsync(long epoch, HeldKv? held) => _turns.ResumeAsync(epoch, held);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        engines.Remove(GrainNames.Number(this.GetPrimaryKeyString()), _turns);
        _turns.Stop();
        return Task.CompletedTask;
    }

    private Task ForgetSilentGateways(CancellationToken cancellation)
    {
        _turns.ForgetSilentGateways();
        return Task.CompletedTask;
    }
}
