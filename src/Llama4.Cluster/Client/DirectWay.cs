using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Client;

/// <summary>From a host of the cluster: straight to the engine's host.</summary>
internal sealed class DirectWay(IGrainFactory grains, int replica) : IEngineWay
{
    public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway) =>
        grains.GetEngine(replica, engine).SubmitAsync(request, gateway).AsTask();

    public Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged) =>
        grains.GetEngine(replica, engine).PollAsync(gateway, outbox, acknowledged).AsTask();

    public Task CancelAsync(HostId engine, Guid request) => grains.GetEngine(replica, engine).CancelAsync(request).AsTask();

    public Task<EngineStatus> StatusAsync(HostId engine) => grains.GetEngine(replica, engine).StatusAsync().AsTask();

    public void Avoid()
    {
        // There is no other.
    }
}
