using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Engine;

/// <summary>
/// An engine between two plans: its keys and values are moved while it serves, it stands still, and goes on by the next plan unless that gives its replica to another
/// host. One caller at a time; after each wait the plan may be in force by now, or another pause was asked for.
/// </summary>
/// <param name="self">The host it runs on.</param>
/// <param name="kv">Of every attention host.</param>
/// <param name="layers">Which of them has which.</param>
/// <param name="moved">Told once, when another host has the replica.</param>
internal sealed class Standstill(
    HostId self, int replica, KvSizes kv, KvLayers layers, SchedulerLimits limits, PlanBoard board, Links links, IGrainFactory grains, TimeProvider clock, StepLoop steps,
    Action moved, ILogger logger)
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    /// <summary>What the number of micro-batches depends on.</summary>
    private (bool RemoteExperts, int Stages) _way;
    private PlacementPlan? _plan;
    private bool _paused;

    /// <summary>Made with the first plan, as the scheduler is.</summary>
    private KvMoving? _moving;

    /// <summary>The last pause that was asked for, and what it comes to.</summary>
    private (long Epoch, bool Abandon, Task<HeldKv?> Task)? _pause;
    private int _pauses;

    /// <summary>Epoch of the plan that the last pause was for: it is written, so no earlier one comes into force any more.</summary>
    private long _standsFor;

    /// <summary>KV blocks that the hosts of the plan that the engine stands still for hold.</summary>
    private (long Epoch, List<NamedBlock> Blocks)? _kept;

    /// <summary>Since when it makes no steps; null while it does.</summary>
    private long? _stoodSince;

    /// <summary>Another host has the replica.</summary>
    public bool HasMoved { get; private set; }

    public ValueTask MoveKvAsync(PlacementPlan next) =>
        _plan is { } plan && plan.Epoch == next.Follows && !_paused && !HasMoved ? new ValueTask(_moving!.MoveAsync(plan, next)) : ValueTask.CompletedTask;

    public ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon)
    {
        if (board.Current?.Epoch >= next.Epoch)
            return ValueTask.FromResult<HeldKv?>(null); // said twice, and meanwhile the plan is in force
        if (_pause is not { } pause || pause.Epoch != next.Epoch || pause.Abandon != abandon || pause.Task.IsCompleted)
        {
            _stoodSince ??= clock.GetTimestamp();
            steps.Pause();
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
            HasMoved = true;
            steps.Stop();
            steps.Abandon();
            moved();
            return ValueTask.CompletedTask;
        }
        Equip(plan);
        if (_plan?.Epoch != plan.Epoch)
            TakeOver(plan, held);
        _plan = plan;
        if (_stoodSince is { } since)
            steps.Meter?.CountStandstill(clock.GetElapsedTime(since));
        (_paused, _kept, _stoodSince) = (false, null, null);
        steps.Resume(plan);
        return ValueTask.CompletedTask;
    }

    /// <summary>A scheduler for the first plan; for each that has rows take another way, how many micro-batches.</summary>
    private void Equip(PlacementPlan plan)
    {
        var way = (RemoteExperts: plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host != self)), Stages: plan.Replicas[replica].Stages.Length);
        if (steps.Scheduler is not null && way == _way)
            return;
        _way = way;
        var policy = new MicroBatchPolicy(limits.MicroBatchesMax, way.RemoteExperts, way.Stages);
        var scheduler = steps.Scheduler ??= new BatchScheduler(limits, kv, policy);
        scheduler.Policy = policy;
        _moving ??= new KvMoving(replica, layers, () => scheduler.NamedBlocks, limits.LastKvMax, board, links, grains, clock, logger);
    }

    /// <summary>Steps in flight end; then, if none had to be given up, what became complete since the last round of copying is copied.</summary>
    /// <returns>What is held for another engine.</returns>
    private async Task<HeldKv?> StandStillAsync(PlacementPlan next, bool abandon, int pause)
    {
        if (!abandon && steps.InFlight > 0)
            await Task.WhenAny(steps.EmptyAsync(), Task.Delay(DrainLimit, clock));
        var isDrained = !abandon && steps.InFlight == 0;
        steps.Abandon();
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

        bool IsNext() => _paused && pause == _pauses && _plan?.Epoch == next.Follows;
    }

    /// <summary>The keys and values that the hosts of a new plan hold go on to be used; everything else is computed again.</summary>
    private void TakeOver(PlacementPlan plan, HeldKv? held)
    {
        steps.Abandon(); // of a host that slept through the pause
        if (_plan is { } before && plan.Follows == before.Epoch)
        {
            if (!HasSameAttention(before.Replicas[replica], plan.Replicas[replica]))
                steps.Scheduler!.DropKv(_kept is { } kept && kept.Epoch == plan.Epoch ? kept.Blocks : []);
        }
        else
        {
            // By a plan that was missed another engine may have written into the same blocks: only what the engine before has told counts.
            steps.Scheduler!.TakeOver(held is null ? [] : HeldBlocks.Hear(held));
        }
    }

    private static bool HasSameAttention(ReplicaPlacement before, ReplicaPlacement after) =>
        after.Stages.All(stage => Enumerable.Range(stage.FirstLayer, stage.Layers).All(layer => before.StageOf(layer).Host == stage.Host));
}
