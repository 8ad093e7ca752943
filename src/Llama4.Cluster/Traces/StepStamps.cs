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
    private (long Moment, DateTime Utc) _known;

    /// <summary>A number for a stamp that is to be set.</summary>
    public int Reserve() => _reserved++;

    /// <summary>The queue's coming to all that is enqueued later.</summary>
    public void Set(int stamp) => device.Stamp(_stamps, stamp);

    /// <summary>All are set: completes when they can be asked for.</summary>
    public Task ReadAsync() => device.DownloadAsync(_stamps, _read).AsTask();

    /// <summary>They are read: says when one of them was, of which the others' times follow.</summary>
    /// <param name="utc">As near to it as can be told.</param>
    public void Know(int stamp, DateTime utc) => _known = (Moments[stamp], utc);

    /// <summary>UTC of a stamp, once one of them is known.</summary>
    public DateTime At(int stamp) => _known.Utc.AddTicks((Moments[stamp] - _known.Moment) / TimeSpan.NanosecondsPerTick);

    /// <summary>Microseconds between two.</summary>
    public long Between(int first, int second) => Math.Max(0, (Moments[second] - Moments[first]) / 1000);

    private ReadOnlySpan<long> Moments => MemoryMarshal.Cast<byte, long>(_read);

    public void Dispose() => _stamps.Dispose();
}
