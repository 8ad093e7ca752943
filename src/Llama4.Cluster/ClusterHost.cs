using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster;

/// <summary>This process's part in a cluster of many: a silo with a device, or, with the gateway's role alone, a client of the others.</summary>
public sealed class ClusterHost : IAsyncDisposable
{
    private ClusterHost()
    {
    }

    /// <summary>Null for a gateway that is a client only.</summary>
    public HostId? Id => null;

    public IGenerationClient Client => throw new InvalidOperationException("not started");

    public IClusterAdmin Admin => throw new InvalidOperationException("not started");

    public Llama4Config Config => throw new InvalidOperationException("not started");

    /// <summary>Most tokens of a sequence, prompt and answer together.</summary>
    public int TokensMax => 0;

    /// <summary>Joins the cluster; returns when this process is a member (what it owns is loaded later, by plan).</summary>
    /// <param name="progress">The share of this host's own weights that is loaded, 0 to 1, from any thread.</param>
    /// <exception cref="ClusterRequestException">The store does not answer, or a host of the cluster does not fit; one line.</exception>
    public static Task<ClusterHost> StartAsync(
        ClusterHostOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        throw new ClusterRequestException("hosts cannot be joined yet");

    /// <summary>Moves what this host owns to others and returns when no stream needs it, or when the time is over.</summary>
    public Task LeaveAsync(TimeSpan limit, CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
