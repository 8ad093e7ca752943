namespace Llama4.Contracts;

/// <summary>
/// Row-major values in a pooled host buffer. One owner; disposing returns the buffer, and a second dispose throws. A transport that has yet to
/// send the values may <see cref="Hold"/> them: then the buffer goes back when both are done with it.
/// </summary>
public sealed class PooledPayload : RowsPayload
{
    private static int outstanding;
    private static int held;
    private readonly byte[] buffer;
    private readonly int length;
    private int uses = 1;
    private int disposed;

    private PooledPayload(byte[] buffer, int length) => (this.buffer, this.length) = (buffer, length);

    /// <summary>Buffers rented and not yet given back by their owners, in the whole process: tests hold it at zero.</summary>
    public static int Outstanding => Volatile.Read(ref outstanding);

    /// <summary>Holds that were not yet released, in the whole process: zero when nothing is being sent.</summary>
    public static int Held => Volatile.Read(ref held);

    public Memory<byte> Bytes => Buffer.AsMemory(0, length);

    public Span<byte> Span => Buffer.AsSpan(0, length);

    private byte[] Buffer => Volatile.Read(ref disposed) == 0 ? buffer : throw new ObjectDisposedException(nameof(PooledPayload));

    /// <summary>A buffer of <paramref name="length"/> bytes with unspecified contents.</summary>
    public static PooledPayload Rent(int length)
    {
        if (length < 0 || length > Rows.PayloadBytesMax)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"a payload holds 0 to {Rows.PayloadBytesMax} bytes");
        Interlocked.Increment(ref outstanding);
        return new PooledPayload(WarmBuffers.Rent(length), length);
    }

    /// <summary>For as long as it lasts the values stay where they are, whatever the owner does; nobody changes them.</summary>
    /// <exception cref="ObjectDisposedException">The owner has given them back.</exception>
    public HeldPayload Hold()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) == 1, this);
        Interlocked.Increment(ref uses);
        Interlocked.Increment(ref held);
        return new HeldPayload(this, new ArraySegment<byte>(buffer, 0, length));
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
            throw new ObjectDisposedException(nameof(PooledPayload), "disposed twice");
        Interlocked.Decrement(ref outstanding);
        Release();
    }

    internal void ReleaseHold()
    {
        Interlocked.Decrement(ref held);
        Release();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref uses) == 0)
            WarmBuffers.Return(buffer);
    }
}

/// <summary>A hold on a payload's values: who has it releases it once.</summary>
public readonly struct HeldPayload
{
    private readonly PooledPayload _payload;

    internal HeldPayload(PooledPayload payload, ArraySegment<byte> bytes) => (_payload, Bytes) = (payload, bytes);

    public ArraySegment<byte> Bytes { get; }

    public void Release() => _payload.ReleaseHold();
}
