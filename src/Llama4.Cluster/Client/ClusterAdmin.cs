using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Calls;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Client;

/// <summary>Asks the leader, whoever that is at the time.</summary>
internal sealed class ClusterAdmin(IGrainFactory grains, IPlanSource plans) : IClusterAdmin, IClusterWatch
{
    /// <summary>A leader that failed to answer may be one no longer: who is asked next is looked up anew.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>For ten seconds and more, a host that leads no longer, or is gone, may be the only one known.</summary>
    private const int LeadersMax = 100;

    /// <summary>A leader is found again within a second of its predecessor's death.</summary>
    public TimeSpan LeaderLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The leader gives every host a second to tell of itself.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Each question goes another way than the last, as a client's polls do (<see cref="DoorWay"/>).</summary>
    private long _asked;

    public ValueTask<ClusterStatus> StatusAsync(CancellationToken cancellation) => AskAsync(watch: false, cancellation);

    public ValueTask<ClusterStatus> WatchAsync(CancellationToken cancellation) => AskAsync(watch: true, cancellation);

    public async ValueTask DrainAsync(HostId host, CancellationToken cancellation) => await OfLeaderAsync(
        async leader =>
        {
            await leader.DrainAsync(host);
            return true;
        },
        cancellation);

    public async ValueTask<long> RebalanceAsync(CancellationToken cancellation) => await OfLeaderAsync(leader => leader.RebalanceAsync().AsTask(), cancellation);

    private async ValueTask<ClusterStatus> AskAsync(bool watch, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LeaderLimit);
        string? reason = null;
        try
        {
            while (true)
            {
                var leader = await FoundAsync(limit.Token);
                try
                {
                    return await grains.GetPlanView(Interlocked.Increment(ref _asked)).ClusterStatusAsync(leader, watch).AsTask().WaitAsync(AnswerLimit, limit.Token);
                }
                catch (Exception error) when (error is OrleansException or TimeoutException)
                {
                    reason = $"{leader}: {error.Message.ReplaceLineEndings(" ")}";
                    await Task.Delay(AskAgainAfter, limit.Token);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw reason is null ? NoLeader() : new TimeoutException($"no leader of the cluster has told its status within {LeaderLimit.TotalSeconds} s; the last asked was {reason}");
        }
    }

    /// <summary>Also where the lead goes from one host to the next meanwhile, or the leader dies.</summary>
    /// <exception cref="TimeoutException">No host leads, or none that answers.</exception>
    private async Task<T> OfLeaderAsync<T>(Func<IHostGrain, Task<T>> ask, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var leader = await LeaderAsync(cancellation);
            try
            {
                var asked = ask(grains.GetGrain<IHostGrain>(leader.Name));
                await LeaderAnswer.WaitAsync(plans, leader, asked, cancellation);
                return await asked;
            }
            catch (OrleansException lost) when (tries == LeadersMax)
            {
                throw new TimeoutException($"no leader of the cluster has answered; the last asked was {leader}: {lost.Message.ReplaceLineEndings(" ")}");
            }
            catch (Exception error) when (error is NotLeadingException or OrleansException && tries < LeadersMax)
            {
                await Task.Delay(AskAgainAfter, cancellation);
            }
        }
    }

    /// <exception cref="TimeoutException">No host leads.</exception>
    private async Task<HostId> LeaderAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LeaderLimit);
        try
        {
            return await FoundAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NoLeader();
        }
    }

    /// <summary>Waits until some host leads.</summary>
    private async Task<HostId> FoundAsync(CancellationToken limit)
    {
        while (true)
        {
            var changed = plans.Changed;
            if (plans.Leader is { } leader)
                return leader;
            await changed.WaitAsync(limit);
        }
    }

    private TimeoutException NoLeader() => new($"no host has taken the lead of the cluster within {LeaderLimit.TotalSeconds} s");
}
