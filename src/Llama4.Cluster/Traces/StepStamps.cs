using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Cluster.Traces;

/// <summary>Moments of one step in the device's queue, read back together. Stamps may be set by any grain of the host; they are reserved by one.</summary>
/// <param name="most">Stamps that there is room for.</param>
internal sealed class StepStamps(IDevice device, int most) : IDisposable
{
    private readonly Tensor _stamps = device.Rent(DType.I32, most, 2);
    private readonly byte[] _read = new byte[most * sizeof(long)];
    private int _reserved;

    /// <summary>A number for a stamp that is to be set.</summary>
    public int Reserve() => _reserved++;

    /// <summary>The queue's coming to all that is enqueued later.</summary>
    public void Set(int stamp) => device.Stamp(_stamps, stamp);

    /// <summary>All are set: completes when they can be asked for.</summary>
    public Task ReadAsync() => device.DownloadAsync(_stamps, _read).AsTask();

    /// <summary>Microseconds between two.</summary>
    public long Between(int first, int second)
    {
        var moments = MemoryMarshal.Cast<byte, long>(_read);
        return Math.Max(0, (moments[second] - moments[first]) / 1000);
    }

    public void Dispose() => _stamps.Dispose();
}
