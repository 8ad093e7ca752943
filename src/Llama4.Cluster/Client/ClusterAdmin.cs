using Llama4.Cluster.Agents;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Client;

/// <summary>Asks the leader, whoever that is at the time.</summary>
internal sealed class ClusterAdmin(IGrainFactory grains, IPlanSource plans) : IClusterAdmin
{
    /// <summary>A leader is found again within a second of its predecessor's death.</summary>
    private static readonly TimeSpan LeaderLimit = TimeSpan.FromSeconds(10);

    public async ValueTask<ClusterStatus> StatusAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var leader = await LeaderAsync(cancellation);
            try
            {
                return await leader.ClusterStatusAsync();
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                await plans.Changed.WaitAsync(LeaderLimit, cancellation);
            }
        }
    }

    public async ValueTask DrainAsync(HostId host, CancellationToken cancellation) => await (await LeaderAsync(cancellation)).DrainAsync(host);

    public async ValueTask<long> RebalanceAsync(CancellationToken cancellation) => await (await LeaderAsync(cancellation)).RebalanceAsync();

    /// <exception cref="TimeoutException">No host leads.</exception>
    private async ValueTask<IHostGrain> LeaderAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LeaderLimit);
        while (true)
        {
            var changed = plans.Changed;
            if (plans.Leader is { } leader)
                return grains.GetGrain<IHostGrain>(leader.Name);
            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"no host has taken the lead of the cluster within {LeaderLimit.TotalSeconds} s");
            }
        }
    }
}
