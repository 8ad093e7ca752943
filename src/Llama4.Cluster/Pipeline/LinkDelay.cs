using System.Text;
using Llama4.Compute.Testing;
using Llama4.Contracts;

namespace Llama4.Cluster.Pipeline;

/// <summary>A link that takes its time: what a grain of this host asks a grain of another one arrives later, and so does the answer.</summary>
/// <param name="oneWayNs">Simulated.</param>
internal sealed class LinkDelay(HostId own, ISimulatedClock clock, long oneWayNs) : IOutgoingGrainCallFilter
{
    private readonly byte[] _own = Encoding.UTF8.GetBytes(own.Name);

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        if (IsHere(context.TargetId))
        {
            await context.Invoke();
            return;
        }
        await clock.UntilAsync(clock.NowNs + oneWayNs);
        await context.Invoke();
        await clock.UntilAsync(clock.NowNs + oneWayNs);
    }

    /// <summary>Grains whose keys name no host are the runtime's own and those that say how things stand: none of the data path.</summary>
    private bool IsHere(GrainId grain)
    {
        var key = grain.Key.AsSpan();
        var at = key.LastIndexOf((byte)'@');
        return at < 0 || key[(at + 1)..].SequenceEqual(_own);
    }
}
