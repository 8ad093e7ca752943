using Orleans.GrainDirectory;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;

namespace Llama4.Cluster.Placement;

/// <summary>
/// The grain directory of grains whose keys name their host: it holds nothing. What is not found is placed by <see cref="OnHostDirector"/>, on the same host each
/// time; what registers is where it belongs. So no host's death takes a part of a directory with it, and no call waits for one to be rebuilt.
/// </summary>
internal sealed class HostDirectory : IGrainDirectory
{
    public const string Name = "llama4.hosts";

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
