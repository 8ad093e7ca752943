using Llama4.Contracts;

namespace Llama4.Cluster;

/// <summary>The plan a grain has loaded its part of. Calls for another are refused: a host that was away cannot write by an old plan.</summary>
internal struct ServedEpoch()
{
    private long _epoch = -1;

    public void Set(long epoch) => _epoch = epoch;

    /// <exception cref="StaleEpochException">The call was made for another plan.</exception>
    public readonly void Require(long epoch, IAddressable target)
    {
        if (epoch != _epoch)
            throw new StaleEpochException(target.ToString()!, _epoch, epoch);
    }
}
