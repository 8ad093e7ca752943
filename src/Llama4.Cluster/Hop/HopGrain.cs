using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace Llama4.Cluster.Hop;

/// <summary>Answers with what it is sent: what a call between hosts costs, with nothing behind it. Key: the host.</summary>
[Alias("llama4.IHopGrain")]
internal interface IHopGrain : IGrainWithStringKey
{
    [Alias("Echo")]
    ValueTask<Rows> EchoAsync(Rows rows);

    /// <summary>Sixteen bytes there and back.</summary>
    [Alias("Ping")]
    ValueTask<Guid> PingAsync(Guid number);
}

/// <summary>Reentrant: it has no state.</summary>
[GrainType(GrainNames.Hop), OnHost, GrainDirectory(HostDirectory.Name), Reentrant]
internal sealed class HopGrain : Grain, IHopGrain
{
    public ValueTask<Rows> EchoAsync(Rows rows) => ValueTask.FromResult(rows.AsAnswer());

    public ValueTask<Guid> PingAsync(Guid number) => ValueTask.FromResult(number);
}
