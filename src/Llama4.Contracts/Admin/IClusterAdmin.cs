namespace Llama4.Contracts;

/// <summary>What an operator sees of a cluster and asks of it; implemented over grains in Llama4.Cluster.</summary>
public interface IClusterAdmin
{
    /// <summary>Every host there is, as its leader knows it, at most some tenths of a second old.</summary>
    /// <exception cref="TimeoutException">No leader answers.</exception>
    ValueTask<ClusterStatus> StatusAsync(CancellationToken cancellation);

    /// <summary>Moves what the host owns to others; returns when it owns nothing. It stays a member until it is stopped.</summary>
    /// <exception cref="ClusterRequestException">There is no such host, or the others cannot take what it owns: the message says what is missing.</exception>
    ValueTask DrainAsync(HostId host, CancellationToken cancellation);

    /// <summary>Plans anew, as if no host owned anything yet, by declared capacity and measured load; returns when the plan is in force.</summary>
    /// <returns>The epoch in force.</returns>
    /// <exception cref="ClusterRequestException">No plan is possible: the message says why.</exception>
    ValueTask<long> RebalanceAsync(CancellationToken cancellation);
}

/// <summary>The cluster refuses what an operator asked; the message is one line.</summary>
[GenerateSerializer, Alias("llama4.ClusterRequestException")]
public class ClusterRequestException(string message) : Exception(message);
