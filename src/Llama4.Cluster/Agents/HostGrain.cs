using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Llama4.Cluster.Agents;

/// <summary>The door of a host's agent. Reentrant: it has no state of its own.</summary>
[GrainType(GrainNames.Host), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class HostGrain(HostAgent agent) : Grain, IHostGrain
{
    public ValueTask BeatAsync(LeaderBeat beat) => agent.HearBeat(beat);

    public ValueTask AnswerAsync(HostAnswer answer) => agent.HearAnswer(answer);

    public ValueTask<bool> HearsLeaderAsync(long term) => ValueTask.FromResult(agent.HearsLeader(term));

    public async ValueTask PrepareAsync(long term, PlacementPlan plan) => await agent.PrepareAsync(term, plan);

    public async ValueTask MoveKvAsync(long term, PlacementPlan next) => await agent.MoveKvAsync(term, next);

    public async ValueTask<HeldKv[]> PauseAsync(long term, PlacementPlan next, bool abandon) => await agent.PauseAsync(term, next, abandon);

    public async ValueTask CommitAsync(long term, PlacementPlan plan) => await agent.CommitAsync(term, plan);

    public async ValueTask ResumeAsync(long term, long epoch, HeldKv[] held) => await agent.ResumeAsync(term, epoch, held);

    public async ValueTask ReleaseAsync(long term, long epoch) => await agent.ReleaseAsync(term, epoch);

    public async ValueTask<HostStatus> StatusAsync(bool watch) => await agent.StatusAsync(watch);

    public async ValueTask<ClusterStatus> ClusterStatusAsync(bool watch) => await agent.ClusterStatusAsync(watch);

    public async ValueTask DrainAsync(HostId host) => await agent.Leadership.DrainAsync(host);

    public async ValueTask<long> RebalanceAsync() => await agent.Leadership.RebalanceAsync();
}
