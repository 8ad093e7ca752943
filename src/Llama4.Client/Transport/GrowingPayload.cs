using Llama4.Contracts;

namespace Llama4.Client.Transport;

/// <summary>
/// A payload that is being received. Its length is only what the other side says, so its memory follows what has come: <see cref="FirstBytes"/> or as much as this
/// connection has brought before, then twice what is there. Who announces 64 MiB and sends nothing holds 1 MiB.
/// </summary>
/// <param name="length">Bytes announced.</param>
/// <param name="proven">The longest payload that has come whole on this connection, in bytes: up to it nothing is copied.</param>
internal sealed class GrowingPayload(int length, int proven) : IDisposable
{
    /// <summary>1 MiB: the rows of a decode step, 64 of them 655 KB, never grow. A prefill chunk of 5.2 MB does the first time: 1 + 2 + 4 MiB copied, some 0.7 ms.</summary>
    public const int FirstBytes = 1 << 20;

    private PooledPayload? _bytes = PooledPayload.Rent(Math.Min(length, Math.Max(FirstBytes, proven)));
    private int _received;

    /// <summary>Bytes rented; while it grows the smaller buffer is there too.</summary>
    public int Capacity => _bytes!.Bytes.Length;

    public bool IsWhole => _received == length;

    /// <summary>Where the next bytes belong; never empty before it is whole.</summary>
    public Memory<byte> Rest()
    {
        if (_received == Capacity && !IsWhole)
        {
            var larger = PooledPayload.Rent((int)Math.Min(length, 2L * Capacity));
            _bytes!.Span.CopyTo(larger.Span);
            _bytes.Dispose();
            _bytes = larger;
        }
        return _bytes!.Bytes[_received..];
    }

    /// <summary>So many bytes have come into <see cref="Rest"/>.</summary>
    public void Add(int bytes) => _received += bytes;

    /// <summary>The whole payload, which is the taker's from now on.</summary>
    public PooledPayload Take()
    {
        var whole = IsWhole && _bytes is not null ? _bytes : throw new InvalidOperationException($"a payload was taken at {_received} of {length} bytes");
        _bytes = null;
        return whole;
    }

    public void Dispose() => _bytes?.Dispose();
}
