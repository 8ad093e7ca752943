using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Llama4.Cluster.Client;

/// <summary>Passes a client's calls on to an engine, from whatever silo is asked. Keys only spread the calls over silos.</summary>
[Alias("llama4.IEngineDoorGrain")]
internal interface IEngineDoorGrain : IGrainWithIntegerKey
{
    /// <inheritdoc cref="IEngineGrain.SubmitAsync"/>
    [Alias("Submit"), ResponseTimeout(EngineDoorGrain.Limit)]
    ValueTask<SubmitResult> SubmitAsync(int replica, HostId engine, GenerateRequest request, Guid gateway);

    /// <inheritdoc cref="IEngineGrain.PollAsync"/>
    [Alias("Poll"), ResponseTimeout(EngineDoorGrain.Limit)]
    ValueTask<EngineAnswer> PollAsync(int replica, HostId engine, Guid gateway, Guid outbox, long acknowledged);

    /// <inheritdoc cref="IEngineGrain.CancelAsync"/>
    [Alias("Cancel"), ResponseTimeout(EngineDoorGrain.Limit)]
    ValueTask CancelAsync(int replica, HostId engine, Guid request);
}

/// <summary>On whatever silo is asked.</summary>
[StatelessWorker(1), GrainDirectory(HostDirectory.Name), Reentrant]
internal sealed class EngineDoorGrain : Grain, IEngineDoorGrain
{
    /// <summary>A client waits for half a second at most.</summary>
    public const string Limit = "00:00:01";

    public ValueTask<SubmitResult> SubmitAsync(int replica, HostId engine, GenerateRequest request, Guid gateway) =>
        GrainFactory.GetEngine(replica, engine).SubmitAsync(request, gateway);

    public ValueTask<EngineAnswer> PollAsync(int replica, HostId engine, Guid gateway, Guid outbox, long acknowledged) =>
        GrainFactory.GetEngine(replica, engine).PollAsync(gateway, outbox, acknowledged);

    public ValueTask CancelAsync(int replica, HostId engine, Guid request) => GrainFactory.GetEngine(replica, engine).CancelAsync(request);
}
