using Llama4.Cluster.Agents;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Llama4.Cluster.Client;

/// <param name="Plan">Null where the asker's is the newest, or there is none.</param>
/// <param name="Suspects">Doors for clients, IP:PORT, behind which nobody answers.</param>
/// <param name="SuspectsAge">Of two views, the later one's are right.</param>
[GenerateSerializer, Immutable, Alias("llama4.PlanView")]
internal sealed record PlanView(
    [property: Id(0)] PlacementPlan? Plan, [property: Id(1)] HostId? Leader, [property: Id(2)] string[] Suspects, [property: Id(3)] SuspicionAge SuspectsAge);

/// <summary>Any silo's view of the plan, for clients. Keys only spread the calls over silos.</summary>
[Alias("llama4.IPlanViewGrain")]
internal interface IPlanViewGrain : IGrainWithIntegerKey
{
    /// <param name="epoch">Of the plan that the asker has; 0 for none.</param>
    [Alias("Get"), ResponseTimeout("00:00:01")]
    ValueTask<PlanView> GetAsync(long epoch);

    /// <summary>Passes the question on to the leader.</summary>
    [Alias("ClusterStatus"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask<ClusterStatus> ClusterStatusAsync(HostId leader, bool watch);
}

/// <summary>On whatever silo is asked.</summary>
[StatelessWorker, GrainDirectory(HostDirectory.Name), Reentrant]
internal sealed class PlanViewGrain(PlanBoard board) : Grain, IPlanViewGrain
{
    public ValueTask<ClusterStatus> ClusterStatusAsync(HostId leader, bool watch) =>
        GrainFactory.GetGrain<IHostGrain>(leader.Name).ClusterStatusAsync(watch);

    public ValueTask<PlanView> GetAsync(long epoch)
    {
        var plan = board.Current;
        return ValueTask.FromResult(new PlanView(plan?.Epoch > epoch ? plan : null, board.Leader, board.SuspectDoors, board.SuspectsAge));
    }
}
