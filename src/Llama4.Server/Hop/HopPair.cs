using Llama4.Cluster.Hop;
using Llama4.Client.Transport;

namespace Llama4.Server.Hop;

/// <summary>A silo here, one in a process of its own, and the far one's echo.</summary>
internal sealed class HopPair : IAsyncDisposable
{
    private readonly HopHost _near;

    private HopPair(HopHost near, FarEnd far, HopTarget target) => (_near, Far, Target) = (near, far, target);

    public FarEnd Far { get; }

    public HopTarget Target { get; }

    /// <summary>Starts both. Without certificates they speak bare TCP.</summary>
    public static async Task<HopPair> StartAsync(ClusterTls? nearTls, ClusterTls? farTls, CancellationToken cancellation)
    {
        var near = await HopHost.StartAsync("near", null, nearTls, cancellation);
        FarEnd? far = null;
        try
        {
            far = await FarEnd.StartAsync(near.Endpoint, farTls, cancellation);
            return new HopPair(near, far, await near.TargetAsync(FarEnd.Name, cancellation));
        }
        catch
        {
            if (far is not null)
            {
                await far.DisposeAsync();
            }

            await near.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Far.DisposeAsync();
        await _near.DisposeAsync();
    }
}
