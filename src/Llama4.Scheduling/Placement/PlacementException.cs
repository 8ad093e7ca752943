using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>The model does not fit the hosts; the message names each host and the bytes it lacks.</summary>
public sealed class PlacementException(string message, IReadOnlyList<MissingBytes> missing) : InvalidOperationException(message)
{
    /// <summary>Hosts with too little memory in the best layout found; empty when no host may own a part at all.</summary>
    public IReadOnlyList<MissingBytes> Missing { get; } = missing;
}

/// <param name="Bytes">More than the host can hold.</param>
public sealed record MissingBytes(HostId Host, long Bytes);
