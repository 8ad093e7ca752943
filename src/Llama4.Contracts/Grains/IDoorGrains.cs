using Orleans.Concurrency;

namespace Llama4.Contracts;

/// <summary>Passes a client's calls on to an engine, from whatever silo is asked. Keys only spread the calls over silos.</summary>
[Alias("llama4.IEngineDoorGrain")]
public interface IEngineDoorGrain : IGrainWithIntegerKey
{
    /// <inheritdoc cref="IEngineGrain.SubmitAsync"/>
    [Alias("Submit"), ResponseTimeout(Deadlines.Door)]
    ValueTask<SubmitResult> SubmitAsync(int replica, HostId engine, GenerateRequest request, Guid gateway);

    /// <inheritdoc cref="IEngineGrain.PollAsync"/>
    [Alias("Poll"), ResponseTimeout(Deadlines.Door)]
    ValueTask<EngineAnswer> PollAsync(int replica, HostId engine, Guid gateway, Guid outbox, long acknowledged);

    /// <inheritdoc cref="IEngineGrain.CancelAsync"/>
    [Alias("Cancel"), ResponseTimeout(Deadlines.Door)]
    ValueTask CancelAsync(int replica, HostId engine, Guid request);

    /// <inheritdoc cref="IEngineGrain.StatusAsync"/>
    [Alias("Status"), ResponseTimeout(Deadlines.Door)]
    ValueTask<EngineStatus> StatusAsync(int replica, HostId engine);
}

/// <summary>Any silo's view of the plan, for clients. Keys only spread the calls over silos.</summary>
[Alias("llama4.IPlanViewGrain")]
public interface IPlanViewGrain : IGrainWithIntegerKey
{
    /// <param name="epoch">Of the plan that the asker has; 0 for none.</param>
    [Alias("Get"), ResponseTimeout(Deadlines.Door)]
    ValueTask<PlanView> GetAsync(long epoch);

    /// <summary>Passes the question on to the leader.</summary>
    [Alias("ClusterStatus"), ResponseTimeout(Deadlines.Leader)]
    ValueTask<ClusterStatus> ClusterStatusAsync(HostId leader, bool watch);
}

/// <param name="Plan">Null where the asker's is the newest, or there is none.</param>
/// <param name="Suspects">Doors for clients, IP:PORT, behind which nobody answers.</param>
/// <param name="SuspectsAge">Of two views, the later one's are right.</param>
[GenerateSerializer, Immutable, Alias("llama4.PlanView")]
public sealed record PlanView(
    [property: Id(0)] PlacementPlan? Plan, [property: Id(1)] HostId? Leader, [property: Id(2)] string[] Suspects, [property: Id(3)] SuspicionAge SuspectsAge);
