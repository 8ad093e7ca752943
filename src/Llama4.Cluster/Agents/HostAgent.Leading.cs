using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>Taking the lead, and making plans.</summary>
internal sealed partial class HostAgent
{
    private static readonly TimeSpan JoinQuiet = TimeSpan.FromMilliseconds(300);

    private long _settled;
    private bool _refused;

    private async Task TryLeadAsync(HostId[] members)
    {
        try
        {
            var record = await register.ReadAsync();
            var old = board.Leader;
            if (old is { } gone && members.Contains(gone))
            {
                var others = members.Where(member => member != gone && member != host.Id && !board.IsSuspected(member)).ToArray();
                var hears = await Task.WhenAll(others.Select(async other =>
                {
                    try
                    {
                        return await grains.GetGrain<IHostGrain>(other.Name).HearsLeaderAsync(_term).AsTask().WaitAsync(TimeSpan.FromMilliseconds(100));
                    }
                    catch (Exception error) when (error is OrleansException or TimeoutException)
                    {
                        return true; // no answer is not a no
                    }
                }));
                if ((1 + hears.Count(hear => !hear)) * 2 <= 1 + others.Length)
                    return;
            }
            var next = new PlanRecord((record?.Term ?? 0) + 1, host.Id, record?.Plan);
            if (!await register.TrySetAsync(record?.Term ?? 0, next))
                return;
            lock (_gate)
            {
                if (next.Term <= _term)
                    return;
                if (old is { } lost && lost != host.Id)
                    AddFault(lost, "does not lead any more");
                (_term, _leading) = (next.Term, true);
                board.Follow(host.Id);
                _known.Clear();
                _known[host.Id] = new Known { Description = options.Host, Detector = new HeartbeatDetector(Now, BeatEvery) };
            }
            Leads(logger, next.Term);
            _ = LeadAsync(next.Term, next.Plan);
        }
        catch (Exception error)
        {
            TickFailed(logger, error);
        }
        finally
        {
            lock (_gate)
            {
                _trying = false;
                _leaderDetector = new HeartbeatDetector(Now, BeatEvery);
            }
        }
    }

    private bool Leading(long term)
    {
        lock (_gate)
            return _leading && _term == term && !_stop.IsCancellationRequested;
    }

    private async Task LeadAsync(long term, PlacementPlan? found)
    {
        var current = found is not null && found.Hosts.Any(Members().Contains) ? found : null;
        var isCommitted = current is null;
        var hasty = false;
        var failed = new Dictionary<HostId, long>();
        var ledSince = clock.GetTimestamp();
        (long Since, string Key) changes = (clock.GetTimestamp(), "");
        while (Leading(term))
        {
            await Task.WhenAny(board.Changed, Task.Delay(20));
            try
            {
                HostId[] candidates;
                Dictionary<HostId, HostDescription> described;
                HostId[] members;
                bool rebalance;
                lock (_gate)
                {
                    members = Members();
                    foreach (var id in failed.Where(one => clock.GetElapsedTime(one.Value).TotalSeconds > 30).Select(one => one.Key).ToList())
                        failed.Remove(id);
                    described = _known.ToDictionary(one => one.Key, one => one.Value.Description);
                    candidates = [.. members.Where(id => _known.TryGetValue(id, out var known) && !known.Suspected && !_draining.Contains(id)
                        && known.Description.Identity == options.Host.Identity && !failed.ContainsKey(id))];
                    rebalance = _rebalance;
                }
                // Who has not spoken to this leader yet is not lost.
                if (current is not null && clock.GetElapsedTime(ledSince).TotalMilliseconds < 500 && current.Hosts.Any(id => members.Contains(id) && !described.ContainsKey(id)))
                    continue;
                var key = string.Join(' ', candidates.Select(id => id.Name));
                if (key != changes.Key)
                    changes = (clock.GetTimestamp(), key);
                if (candidates.Length < options.HostsMin && current is null)
                    continue;
                var away = current is null ? [] : current.Hosts.Where(id => !candidates.Contains(id)).ToArray();
                var lost = current is not null && away.Any(id => Owns(current, id) && !_draining.Contains(id));
                var leaving = current is not null && away.Any(id => Holds(current, id) && _draining.Contains(id));
                var better = current is not null && (hasty || away.Any(id => Holds(current, id)) || candidates.Any(id => !current.Hosts.Contains(id)));
                if (current is not null && !lost && !leaving && !rebalance && isCommitted && !(better && clock.GetElapsedTime(changes.Since) > JoinQuiet))
                    continue;
                if (current is null && clock.GetElapsedTime(changes.Since) < JoinQuiet)
                    continue;
                if (current is not null && lost && !MayGoOn(current, members, candidates))
                {
                    SetWaiting("fewer than half of the plan's hosts answer");
                    continue;
                }
                PlacementPlan plan;
                if (current is not null && !isCommitted && !lost && !leaving && !rebalance)
                {
                    plan = current;
                }
                else
                {
                    try
                    {
                        plan = Make(candidates, described, rebalance ? null : current, term, lost);
                    }
                    catch (PlacementException impossible)
                    {
                        _refused = true;
                        SetWaiting(impossible.Message);
                        lock (_gate)
                            _rebalance = false;
                        continue;
                    }
                }
                (term, isCommitted) = await CarryOutAsync(term, plan, current, isNew: !ReferenceEquals(plan, current), lost, failed);
                if (!isCommitted && !Leading(term))
                    return;
                if (isCommitted || term > plan.Epoch - 1)
                    current = plan;
                if (isCommitted)
                {
                    (_waiting, _refused, _settled) = (null, false, plan.Epoch);
                    hasty = lost;
                    changes = (clock.GetTimestamp(), changes.Key);
                    lock (_gate)
                        _rebalance = false;
                    board.Tick();
                }
            }
            catch (Exception error)
            {
                TickFailed(logger, error);
                if (options.HostsMin == 1)
                    _serving.TrySetException(error);
                await Task.Delay(100);
            }
        }
    }

    private void SetWaiting(string reason)
    {
        if (_waiting == reason)
            return;
        _waiting = reason;
        NoPlan(logger, reason);
    }

    private bool MayGoOn(PlacementPlan current, HostId[] members, HostId[] candidates)
    {
        var counted = current.Hosts.Where(id => members.Contains(id) && !_draining.Contains(id)).ToArray();
        return counted.Count(candidates.Contains) * 2 >= counted.Length;
    }

    private PlacementPlan Make(HostId[] candidates, Dictionary<HostId, HostDescription> described, PlacementPlan? previous, long term, bool inHaste)
    {
        var work = new PlanWork(host.Limits.ContextMax, host.Limits.SequencesMax, KvPositions.Of(host.Kv)) { RowsMax = host.Limits.TokensPerStepMax };
        for (var standbys = Math.Min(options.Standbys, candidates.Length - 1); ; standbys--)
        {
            try
            {
                return PlacementPlanner.Plan(new PlacementRequest(
                    ModelShapes.Of(host.Config, host.Mode.Activations()), [.. candidates.Select(id => described[id].Capacity)], work, term + 1)
                {
                    GroupsOnOneHost = options.ExpertGroups, Replicas = options.Replicas, Standbys = standbys, Previous = previous, InHaste = inHaste && previous is not null,
                });
            }
            catch (PlacementException) when (standbys > 0)
            {
                // Standbys are a wish.
            }
        }
    }

    private async Task<(long Term, bool Committed)> CarryOutAsync(
        long term, PlacementPlan plan, PlacementPlan? current, bool isNew, bool lost, Dictionary<HostId, long> failed)
    {
        var started = clock.GetTimestamp();
        var prepared = await Task.WhenAll(plan.Hosts.Select(async id =>
        {
            try
            {
                await AskAsync(id, to => to.PrepareAsync(term, plan));
                return true;
            }
            catch (Exception error)
            {
                AddFaultLocked(id, $"could not load its part of plan epoch {plan.Epoch}: {error.Message}");
                if (error is not HostUnreachableException)
                    failed[id] = clock.GetTimestamp();
                if (id == host.Id && options.HostsMin == 1)
                    _serving.TrySetException(error);
                return false;
            }
        }));
        if (prepared.Contains(false) || !Leading(term))
            return (term, current is not null && current.Epoch == board.Current?.Epoch);
        var preparedAt = clock.GetTimestamp();
        if (isNew)
        {
            while (true)
            {
                try
                {
                    if (!await register.TrySetAsync(term, new PlanRecord(plan.Epoch, host.Id, plan)))
                    {
                        var found = await register.ReadAsync();
                        if (found?.Term != plan.Epoch || found.Leader != host.Id)
                        {
                            lock (_gate)
                                _leading = false;
                            return (term, false);
                        }
                    }
                    break;
                }
                catch (Exception away) when (Leading(term))
                {
                    SetWaiting($"the register does not answer: {away.Message}");
                    await Task.Delay(100);
                }
            }
            lock (_gate)
                _term = term = plan.Epoch;
        }
        var pausedAt = clock.GetTimestamp();
        if (current is not null)
        {
            await Task.WhenAll(current.Replicas.Select(replica => replica.Engine).Distinct().Where(id => !board.IsSuspected(id)).Select(
                id => QuietlyAsync(id, to => to.PauseAsync(term, plan.Epoch, lost && current.Hosts.Any(board.IsSuspected)))));
        }
        var all = plan.Hosts.Union(Members()).Where(id => !board.IsSuspected(id)).ToArray();
        var done = await Task.WhenAll(all.Select(async id => await QuietlyAsync(id, to => to.CommitAsync(term, plan)) || !plan.Hosts.Contains(id)));
        if (done.Contains(false))
            return (term, false);
        var engines = plan.Replicas.Select(replica => replica.Engine).Union(current?.Replicas.Select(replica => replica.Engine) ?? []).Where(id => !board.IsSuspected(id));
        done = await Task.WhenAll(engines.Select(async id => await QuietlyAsync(id, to => to.ResumeAsync(term, plan.Epoch)) || !plan.Hosts.Contains(id)));
        if (done.Contains(false))
            return (term, false);
        InForce(logger, plan.Epoch, plan.Hosts.Length, clock.GetElapsedTime(started, preparedAt).TotalMilliseconds, clock.GetElapsedTime(pausedAt).TotalMilliseconds);
        foreach (var id in all)
            _ = QuietlyAsync(id, to => to.ReleaseAsync(term, plan.Epoch));
        return (term, true);
    }

    private async Task<bool> QuietlyAsync(HostId id, Func<IHostGrain, ValueTask> ask)
    {
        try
        {
            await AskAsync(id, ask);
            return true;
        }
        catch (Exception error)
        {
            AddFaultLocked(id, error.Message);
            return false;
        }
    }

    private async Task AskAsync(HostId id, Func<IHostGrain, ValueTask> ask)
    {
        var call = ask(grains.GetGrain<IHostGrain>(id.Name)).AsTask();
        while (true)
        {
            var changed = board.Changed;
            if (call.IsCompleted)
            {
                await call;
                return;
            }
            if (board.IsSuspected(id) || !Members().Contains(id))
                throw new HostUnreachableException($"host {id} does not answer");
            await Task.WhenAny(call, changed);
        }
    }

    private void AddFaultLocked(HostId id, string what)
    {
        lock (_gate)
            AddFault(id, what);
    }
}
