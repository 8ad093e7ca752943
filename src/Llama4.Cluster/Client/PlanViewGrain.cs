using Llama4.Cluster.Agents;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Llama4.Cluster.Client;

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
