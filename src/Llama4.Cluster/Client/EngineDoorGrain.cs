using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Llama4.Cluster.Client;

/// <summary>On whatever silo is asked.</summary>
[StatelessWorker(1), GrainDirectory(HostDirectory.Name), Reentrant]
internal sealed class EngineDoorGrain : Grain, IEngineDoorGrain
{
    public ValueTask<SubmitResult> SubmitAsync(int replica, HostId engine, GenerateRequest request, Guid gateway) =>
        GrainFactory.GetEngine(replica, engine).SubmitAsync(request, gateway);

    public ValueTask<EngineAnswer> PollAsync(int replica, HostId engine, Guid gateway, Guid outbox, long acknowledged) =>
        GrainFactory.GetEngine(replica, engine).PollAsync(gateway, outbox, acknowledged);

    public ValueTask CancelAsync(int replica, HostId engine, Guid request) => GrainFactory.GetEngine(replica, engine).CancelAsync(request);

    public ValueTask<EngineStatus> StatusAsync(int replica, HostId engine) => GrainFactory.GetEngine(replica, engine).StatusAsync();
}
