using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;

namespace Llama4.Cluster.Hosting;

/// <summary>How a process of a cluster is: each answer is null for well, else why not, in one line. See docs/decisions/health.md.</summary>
public sealed class HostHealth
{
    /// <summary>The agent's thread looks every 10 ms; one that has not for so long will not any more.</summary>
    private static readonly TimeSpan TickLimit = TimeSpan.FromSeconds(10);

    /// <summary>Another leader is found within a second.</summary>
    private static readonly TimeSpan LeaderLimit = TimeSpan.FromSeconds(5);

    private readonly Task<string> _lost;
    private readonly IPlanSource _plans;
    private readonly HostAgent? _agent;

    /// <param name="lost">Completes when the process cannot stay in its cluster.</param>
    /// <param name="plans">As this process knows them.</param>
    /// <param name="agent">Null for a gateway that is a client only.</param>
    internal HostHealth(Task<string> lost, IPlanSource plans, HostAgent? agent) => (_lost, _plans, _agent) = (lost, plans, agent);

    /// <summary>Says nothing of other hosts.</summary>
    public string? NotLive =>
        _lost.IsCompletedSuccessfully ? _lost.Result
        : _agent?.SinceTick is { } silent && silent > TickLimit ? $"the host's agent has not looked for {silent.TotalSeconds:0} s"
        : null;

    /// <summary>A plan comes into force on a host when what it gives to that is loaded, also one that gives it nothing. A gateway that is a client only loads nothing.</summary>
    public string? NotStarted => _agent is null ? null : NoPlan;

    /// <summary>Says nothing of a drain, after which a host has no part to do: who has none beside its host's asks for <see cref="Drained"/> too.</summary>
    public string? NotReady =>
        NotLive ?? NoPlan ?? (_agent?.LeaderSilence is { } silent && silent > LeaderLimit ? $"no leader has been heard for {silent.TotalSeconds:0} s" : null);

    public string? Drained => _agent?.IsDraining == true ? "it is drained: it is given nothing any more, and is to be stopped" : null;

    private string? NoPlan => _plans.Plan is null ? "no plan is in force here yet: too few hosts have joined, or they are loading" : null;
}
