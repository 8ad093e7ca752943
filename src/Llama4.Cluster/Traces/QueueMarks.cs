using Llama4.Compute;

namespace Llama4.Cluster.Traces;

/// <summary>Moments of a device's queue: a mark is enqueued like work, and tells when the queue has come to it. Nobody who computes waits for one.</summary>
internal sealed class QueueMarks(IDevice device, TimeProvider clock)
{
    /// <summary>Microseconds of the clock at which all that is enqueued by now is done.</summary>
    public Task<long> SetAsync() => StampAsync(device.SynchronizeAsync());

    /// <summary>As <see cref="SetAsync"/>, with a tensor's elements read back on the way.</summary>
    /// <param name="destination">[source.Bytes]; holds them when the task has completed.</param>
    public Task<long> ReadAsync(Tensor source, Memory<byte> destination) => StampAsync(device.DownloadAsync(source, destination));

    public long Now => (long)clock.GetElapsedTime(0).TotalMicroseconds;

    private async Task<long> StampAsync(ValueTask queue)
    {
        await queue.ConfigureAwait(false); // on whatever thread: the grain's own may be busy for a while
        return Now;
    }
}
