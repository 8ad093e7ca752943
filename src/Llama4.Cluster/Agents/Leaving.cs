using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>What comes before a host's own end: it gives away what it owns, as far as others can take it.</summary>
internal sealed partial class Leaving(
    HostId self, Election election, PlanBoard board, IGrainFactory grains, IMembers members, TimeProvider clock, ILogger<HostAgent> logger)
{
    /// <summary>The next leader is found within a second, unless the store is gone or nobody is left to lead.</summary>
    private static readonly TimeSpan LeaderLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when this host owns nothing, or cannot give it away; why not is logged. Never throws.</summary>
    public async Task GiveAwayAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource(limit, clock);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellation);
        try
        {
            while (members.Active.Length > 1)
            {
                try
                {
                    await AskAsync(board.Leader ?? self, over.Token);
                    return;
                }
                catch (Exception error) when (error is NotLeadingException or OrleansException)
                {
                    await Task.Delay(AskAgainAfter, clock, over.Token); // another takes the lead meanwhile
                }
            }
        }
        catch (Exception error) when (error is TimeoutException or ClusterRequestException or OperationCanceledException)
        {
            NotDrained(logger, end.IsCancellationRequested ? $"others have not taken it within {limit.TotalSeconds:0} s" : error.Message);
        }
    }

    /// <exception cref="NotLeadingException">The lead went to another host, which is to be asked.</exception>
    /// <exception cref="TimeoutException">Nobody leads any more.</exception>
    private async Task AskAsync(HostId leader, CancellationToken over)
    {
        var drained = grains.GetGrain<IHostGrain>(leader.Name).DrainAsync(self).AsTask();
        await LeaderAnswer.WaitAsync(board, leader, drained, over, () =>
        {
            if (election.LeaderSilence > LeaderLimit)
                throw new TimeoutException($"no host has taken the lead of the cluster within {LeaderLimit.TotalSeconds:0} s");
        });
        await drained;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This host leaves with what it owns: {Reason}")]
    private static partial void NotDrained(ILogger logger, string reason);
}
