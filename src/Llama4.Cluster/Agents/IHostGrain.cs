using Llama4.Contracts;
using Orleans.Concurrency;

namespace Llama4.Cluster.Agents;

/// <summary>What hosts say to each other about the plan. Key: the host's name. See docs/decisions/faults.md.</summary>
[Alias("llama4.IHostGrain")]
internal interface IHostGrain : IGrainWithStringKey
{
    /// <summary>The leader lives, and this is how things stand.</summary>
    [Alias("Beat"), OneWay]
    ValueTask BeatAsync(LeaderBeat beat);

    /// <summary>To the leader: a host lives.</summary>
    [Alias("Answer"), OneWay]
    ValueTask AnswerAsync(HostAnswer answer);

    /// <summary>Whether this host hears the leader of this term or a greater one.</summary>
    [Alias("HearsLeader"), ResponseTimeout(HostDeadlines.Answer)]
    ValueTask<bool> HearsLeaderAsync(long term);

    /// <summary>Loads what the plan gives to this host, beside what it has.</summary>
    [Alias("Prepare"), ResponseTimeout(HostDeadlines.Load)]
    ValueTask PrepareAsync(long term, PlacementPlan plan);

    /// <summary>Engines on this host have KV blocks copied to the hosts that have their layers by the next plan, and serve on. Returns when that is done as far as it is worth.</summary>
    [Alias("MoveKv"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask MoveKvAsync(long term, PlacementPlan next);

    /// <summary>Engines on this host make no new steps; returns when none is in flight and the last KV blocks are copied.</summary>
    /// <param name="abandon">Steps in flight are given up at once, and nothing is copied.</param>
    /// <returns>For replicas whose engine the next plan gives to another host: what that one's attention hosts hold.</returns>
    [Alias("Pause"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask<HeldKv[]> PauseAsync(long term, PlacementPlan next, bool abandon);

    /// <summary>The plan is in force here.</summary>
    [Alias("Commit"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask CommitAsync(long term, PlacementPlan plan);

    /// <summary>Engines of the plan on this host go on.</summary>
    /// <param name="held">What the engines before have told at their pause.</param>
    [Alias("Resume"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask ResumeAsync(long term, long epoch, HeldKv[] held);

    /// <summary>What the plan in force does not give to this host is let go.</summary>
    [Alias("Release"), ResponseTimeout(HostDeadlines.Load)]
    ValueTask ReleaseAsync(long term, long epoch);

    /// <param name="watch">The tokens that routers send to experts are counted from now on, for a moment.</param>
    [Alias("Status"), ResponseTimeout(HostDeadlines.Answer)]
    ValueTask<HostStatus> StatusAsync(bool watch);

    /// <summary>The cluster as this host knows it; the leader knows best.</summary>
    /// <param name="watch">See <see cref="StatusAsync"/>; of every host.</param>
    [Alias("ClusterStatus"), ResponseTimeout(HostDeadlines.Change)]
    ValueTask<ClusterStatus> ClusterStatusAsync(bool watch);

    /// <summary>To the leader. See <see cref="IClusterAdmin"/>.</summary>
    [Alias("Drain"), ResponseTimeout(HostDeadlines.Load)]
    ValueTask DrainAsync(HostId host);

    /// <inheritdoc cref="DrainAsync"/>
    [Alias("Rebalance"), ResponseTimeout(HostDeadlines.Load)]
    ValueTask<long> RebalanceAsync();
}

/// <summary>How long a caller waits; the leader itself gives up sooner when it suspects the host.</summary>
internal static class HostDeadlines
{
    public const string Answer = "00:00:01";

    public const string Change = "00:00:10";

    public const string Load = "02:00:00";
}

/// <param name="Suspects">Hosts not to ask.</param>
/// <param name="Hosts">All that the leader knows.</param>
/// <param name="Number">Of the leader's beats in this term: they may overtake each other.</param>
/// <param name="Draining">Hosts that are given nothing any more; null for none.</param>
[GenerateSerializer, Immutable, Alias("llama4.LeaderBeat")]
internal sealed record LeaderBeat(
    [property: Id(0)] long Term, [property: Id(1)] HostId Leader, [property: Id(2)] long Epoch, [property: Id(3)] HostDoor[] Suspects, [property: Id(4)] HostDoor[] Hosts,
    [property: Id(5)] long Number, [property: Id(6)] HostId[]? Draining);

/// <param name="Term">The greatest it has heard of.</param>
/// <param name="Epoch">That it serves; 0 for none.</param>
/// <param name="Host">What it brings.</param>
/// <param name="ExpertRows">[layers * experts] rows its experts ran since the last answer that had any; null for none.</param>
/// <param name="Unheard">Hosts that answer nothing that it asks them.</param>
[GenerateSerializer, Immutable, Alias("llama4.HostAnswer")]
internal sealed record HostAnswer(
    [property: Id(0)] long Term, [property: Id(1)] long Epoch, [property: Id(2)] HostDescription Host, [property: Id(3)] int[]? ExpertRows,
    [property: Id(4)] HostId[] Unheard);

/// <param name="ClientAddress">Where clients reach it, IP:PORT; empty for nowhere.</param>
[GenerateSerializer, Immutable, Alias("llama4.HostDoor")]
internal readonly record struct HostDoor([property: Id(0)] HostId Host, [property: Id(1)] string ClientAddress);
