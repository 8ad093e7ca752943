using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Client;

/// <summary>Asks the leader, whoever that is at the time.</summary>
internal sealed class ClusterAdmin(IGrainFactory grains, IPlanSource plans) : IClusterAdmin, IClusterWatch
{
    /// <summary>A leader that failed to answer may be one no longer: who is asked next is looked up anew.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>For ten seconds and more, a host that leads no longer may be the only one known.</summary>
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

    public ValueTask<long> RebalanceAsync(CancellationToken cancellation) => OfLeaderAsync(leader => leader.RebalanceAsync(), cancellation);

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

    /// <summary>Also where the lead goes from one host to the next meanwhile.</summary>
    private async ValueTask<T> OfLeaderAsync<T>(Func<IHostGrain, ValueTask<T>> ask, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await ask(await LeaderAsync(cancellation));
            }
            catch (NotLeadingException) when (tries < LeadersMax)
            {
                await Task.Delay(AskAgainAfter, cancellation);
            }
        }
    }

    /// <exception cref="TimeoutException">No host leads.</exception>
    private async ValueTask<IHostGrain> LeaderAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LeaderLimit);
        try
        {
            return Grain(await FoundAsync(limit.Token));
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

    private IHostGrain Grain(HostId host) => grains.GetGrain<IHostGrain>(host.Name);

    private TimeoutException NoLeader() => new($"no host has taken the lead of the cluster within {LeaderLimit.TotalSeconds} s");
}
