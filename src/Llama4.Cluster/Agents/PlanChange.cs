using System.Collections.Concurrent;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Agents;

/// <summary>The way from one plan to the next, over all hosts: prepare, move KV, write to the register, pause, commit, resume, release (docs/decisions/faults.md).</summary>
internal sealed partial class PlanChange(
    Peers peers, PlanBoard board, IGrainFactory grains, IPlanRegister register, IMembers members, TimeProvider clock, ILogger<HostAgent> logger)
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromMilliseconds(100);

    /// <summary>What a host is asked may be asked again; then after twice the time.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(250);

    private const int AsksMax = 8;

    /// <summary>A host that can be asked nothing, for some four seconds, is one that cannot load.</summary>
    private const int LostMax = 5;

    /// <summary>A host that could not load its part is left out for so long.</summary>
    private static readonly TimeSpan FailedFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<HostId, long> _failed = [];

    public bool HasFailed(HostId host) => _failed.TryGetValue(host, out var at) && clock.GetElapsedTime(at) < FailedFor;

    /// <summary>Every host of the plan loads what it lacks.</summary>
    /// <param name="goesOn">False ends the waiting, at the next tick of the board.</param>
    /// <returns>False when one could not, or does not answer any more: at once, though others may load for minutes yet.</returns>
    public async Task<bool> PrepareAsync(long term, PlacementPlan plan, HostDuties duties, bool isAlone, Func<bool> goesOn)
    {
        var isOver = false;
        var preparing = Task.WhenAll(plan.Hosts.Select(async host =>
        {
            try
            {
                await AskAsync(host, to => to.PrepareAsync(term, plan), () => !Volatile.Read(ref isOver));
                return true;
            }
            catch (Exception) when (Volatile.Read(ref isOver))
            {
                return false; // nobody waits for it any more
            }
            catch (HostUnreachableException)
            {
                return false; // a suspect is a fault of its own
            }
            catch (StaleEpochException)
            {
                return false; // it follows another leader by now
            }
            catch (OperationCanceledException interrupted) when (isAlone)
            {
                duties.Fail(interrupted);
                return false;
            }
            catch (Exception error)
            {
                peers.AddFault(host, $"could not load its part of plan epoch {plan.Epoch}: {error.Message}");
                _failed[host] = clock.GetTimestamp();
                if (isAlone)
                    duties.Fail(error);
                return false;
            }
        }));
        while (!preparing.IsCompleted)
        {
            var changed = board.Changed;
            if (plan.Hosts.Any(board.IsSuspected) || !goesOn())
            {
                Volatile.Write(ref isOver, true);
                return false;
            }
            await Task.WhenAny(preparing, changed);
        }
        return !(await preparing).Contains(false);
    }

    /// <summary>While the old plan serves, KV blocks are copied to where the next one needs them; what is not is computed again.</summary>
    /// <returns>False when a host of either plan fell silent meanwhile: the next look plans anew, and in haste.</returns>
    public async Task<bool> MoveKvAsync(long term, PlacementPlan? before, PlacementPlan plan)
    {
        HostId[] hosts = [.. before?.Hosts ?? [], .. plan.Hosts];
        if (before?.Epoch != plan.Follows || hosts.Any(board.IsSuspected))
            return true; // nothing is moved: steps are about to be given up
        var moving = AskAllAsync(EnginesOf(before), to => to.MoveKvAsync(term, plan));
        while (true)
        {
            var changed = board.Changed;
            if (hosts.Any(board.IsSuspected))
                return false;
            if (moving.IsCompleted)
                return true;
            await Task.WhenAny(moving, changed);
        }
    }

    /// <summary>The register takes the plan, however long it is away meanwhile.</summary>
    /// <param name="goesOn">False ends the waiting.</param>
    /// <param name="waits">Told once why it takes so long: what the store's client says differs each time.</param>
    /// <returns>False when another host has changed it.</returns>
    public async Task<bool> WriteAsync(long term, PlanRecord record, Func<bool> goesOn, Action<string> waits)
    {
        for (var tries = 1; goesOn(); tries++)
        {
            try
            {
                // An answer that was lost may have been a yes.
                return await register.TrySetAsync(term, record) || (await register.ReadAsync() is { } found && found.Term == record.Term && found.Leader == record.Leader);
            }
            catch (Exception away)
            {
                if (tries == 1)
                    waits($"the store does not answer: {away.Message.Split('\n')[0]}");
                await Task.Delay(StoreRetry, clock);
            }
        }
        return false;
    }

    /// <summary>From the plan in force to the next, with engines standing still in between.</summary>
    /// <returns>False when a host fell silent on the way: the next look plans anew.</returns>
    public async Task<bool> SwitchAsync(long term, PlacementPlan? before, PlacementPlan plan)
    {
        var started = clock.GetTimestamp();
        var abandon = before?.Hosts.Any(board.IsSuspected) ?? false;
        var held = new ConcurrentDictionary<int, HeldKv>();
        await AskAllAsync(EnginesOf(before), async to =>
        {
            foreach (var kv in await to.PauseAsync(term, plan, abandon))
                held[kv.Replica] = kv;
        });
        HeldKv[] told = [.. held.Values];
        // Resume comes after all of the plan's hosts: so no step of its epoch meets a host that would still take one of the epoch before.
        var isEverywhere = await AskAllAsync(plan.Hosts.Union(members.Active), to => to.CommitAsync(term, plan), plan.Hosts)
            && await AskAllAsync(EnginesOf(plan).Union(EnginesOf(before)), to => to.ResumeAsync(term, plan.Epoch, told), EnginesOf(plan));
        if (!isEverywhere)
            return false;
        InForce(logger, plan.Epoch, plan.Hosts.Length, clock.GetElapsedTime(started).TotalMilliseconds);
        _ = AskAllAsync(plan.Hosts.Union(members.Active), to => to.ReleaseAsync(term, plan.Epoch));
        return true;
    }

    /// <summary>The plan is in force everywhere, for a leader before this one; only its engines may not have been told to go on.</summary>
    /// <returns>False when one of them fell silent on the way.</returns>
    public Task<bool> GoOnAsync(long term, PlacementPlan plan) => AskAllAsync(EnginesOf(plan), to => to.ResumeAsync(term, plan.Epoch, []), EnginesOf(plan));

    /// <summary>Tells the plan in force to hosts that missed it. Never throws.</summary>
    public Task RemindAsync(long term, PlacementPlan plan, HostId[] behind) => Task.WhenAll(behind.Select(async host =>
    {
        try
        {
            await AskAsync(host, to => to.CommitAsync(term, plan));
            await AskAsync(host, to => to.ResumeAsync(term, plan.Epoch, []));
        }
        catch (Exception error)
        {
            NotReminded(logger, host, plan.Epoch, error.Message); // it is asked again as long as it is behind
        }
    }));

    private static HostId[] EnginesOf(PlacementPlan? plan) => [.. (plan?.Replicas ?? []).Select(replica => replica.Engine).Distinct()];

    /// <summary>Asks all that are not suspected.</summary>
    /// <param name="needed">Who must answer; null for nobody.</param>
    private async Task<bool> AskAllAsync(IEnumerable<HostId> hosts, Func<IHostGrain, ValueTask> ask, HostId[]? needed = null)
    {
        HostId[] asked = [.. hosts.Where(host => !board.IsSuspected(host))];
        var answered = await Task.WhenAll(asked.Select(async host =>
        {
            try
            {
                await AskAsync(host, ask);
                return true;
            }
            catch (HostUnreachableException)
            {
                return false;
            }
            catch (Exception error)
            {
                peers.AddFault(host, error.Message);
                return false;
            }
        }));
        return (needed ?? []).All(host => Array.IndexOf(asked, host) is >= 0 and var at && answered[at]);
    }

    /// <param name="isWanted">False ends the asking; null for always true. With it, a call that is lost on the way is asked again, as calls are on connections that are given up.</param>
    /// <exception cref="HostUnreachableException">It is suspected, or no member any more, or its answer is not wanted any more.</exception>
    /// <exception cref="OrleansException">The call was lost on the way; where it is asked again, each time.</exception>
    private async Task AskAsync(HostId host, Func<IHostGrain, ValueTask> ask, Func<bool>? isWanted = null)
    {
        var calls = new List<Task>();
        var (asked, patience) = (0L, AskAgainAfter);
        while (true)
        {
            var changed = board.Changed;
            if (calls.Find(IsAnswered) is { } answered)
            {
                await answered;
                return;
            }
            if (board.IsSuspected(host) || !members.Active.Contains(host) || isWanted?.Invoke() == false)
                throw new HostUnreachableException($"host {host} does not answer");
            if (calls.Count == 0 || (calls.Count < AsksMax && clock.GetElapsedTime(asked) > patience))
            {
                patience *= calls.Count == 0 ? 1 : 2;
                calls.Add(StartAsync());
                asked = clock.GetTimestamp();
                continue;
            }
            Task[] pending = [.. calls.Where(call => !call.IsCompleted)];
            await Task.WhenAny([.. pending, changed, .. pending.Length == 0 ? [Task.Delay(patience, clock)] : Array.Empty<Task>()]);
        }

        bool IsAnswered(Task call) => call.IsCompleted && (isWanted is null || !IsLost(call) || calls.Count(IsLost) == LostMax);

        // Also what is thrown at once is the call's failure.
        async Task StartAsync() => await ask(grains.GetGrain<IHostGrain>(host.Name));
    }

    private static bool IsLost(Task call) => call.Exception?.InnerException is OrleansException;

    [LoggerMessage(Level = LogLevel.Debug, Message = "Host {Host} is behind plan epoch {Epoch}: {Reason}")]
    private static partial void NotReminded(ILogger logger, HostId host, long epoch, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Plan epoch {Epoch} over {Hosts} hosts is in force; engines stood still for {Milliseconds:0.0} ms")]
    private static partial void InForce(ILogger logger, long epoch, int hosts, double milliseconds);
}
