namespace Llama4.Contracts;

/// <summary>What a front end shows of a cluster that somebody looks at; implemented over grains in Llama4.Cluster.</summary>
public interface IClusterWatch
{
    /// <summary>
    /// The cluster as <see cref="IClusterAdmin.StatusAsync"/> tells it, with <see cref="HostStatus.RoutedTokens"/>: these count for some seconds after each call, so that
    /// they cost nothing when nobody asks any more.
    /// </summary>
    /// <exception cref="TimeoutException">No leader answers.</exception>
    ValueTask<ClusterStatus> WatchAsync(CancellationToken cancellation);
}
