using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Agents;

/// <summary>What operators ask of the leader, and the wait until it is done.</summary>
internal sealed partial class Leadership
{
    private static readonly TimeSpan OperatorLimit = TimeSpan.FromMinutes(10);

    /// <summary>Membership has confirmed a death by then, on a busy machine too (10.8 s were seen).</summary>
    private static readonly TimeSpan PassLimit = TimeSpan.FromSeconds(15);

    /// <inheritdoc cref="IClusterAdmin.DrainAsync"/>
    public async Task DrainAsync(HostId leaving)
    {
        if (!members.Active.Contains(leaving))
            throw new ClusterRequestException($"expected one of the hosts {string.Join(", ", members.Active)}, found {leaving}");
        peers.Drain(leaving);
        try
        {
            await SettledAsync(plan => !PlanSituation.Holds(plan, leaving), $"host {leaving} cannot be drained");
        }
        catch
        {
            peers.StopDraining(leaving);
            throw;
        }
    }

    /// <inheritdoc cref="IClusterAdmin.RebalanceAsync"/>
    public async Task<long> RebalanceAsync()
    {
        var before = board.Current?.Epoch ?? 0;
        Interlocked.Increment(ref _rebalancesAsked);
        return await SettledAsync(plan => plan.Epoch > before, "no other plan is possible");
    }

    /// <summary>Waits until a plan like this is in force everywhere.</summary>
    private async Task<long> SettledAsync(Func<PlacementPlan, bool> isWanted, string otherwise)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var changed = board.Changed;
            if (!IsLeading)
                throw new NotLeadingException("this host does not lead the cluster; ask again");
            if (board.Current is { } plan && isWanted(plan) && Interlocked.Read(ref _settled) == plan.Epoch)
                return plan.Epoch;
            if (Waiting is { } reason && clock.GetElapsedTime(started) > (_mayPass ? PassLimit : 2 * Quiet))
                throw new ClusterRequestException($"{otherwise}: {reason}");
            await WaitAsync(changed);
        }
    }

    /// <exception cref="NotLeadingException">This host ends: nothing changes on it any more.</exception>
    private async Task WaitAsync(Task changed)
    {
        try
        {
            await changed.WaitAsync(OperatorLimit, clock, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new NotLeadingException("this host leaves the cluster; ask again");
        }
    }
}
