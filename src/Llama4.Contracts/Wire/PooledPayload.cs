using System.Buffers;

namespace Llama4.Contracts;

/// <summary>Row-major values in a pooled host buffer. One owner; disposing returns the buffer, and a second dispose throws.</summary>
public sealed class PooledPayload : RowsPayload
{
    private static int outstanding;
    private byte[]? buffer;
    private readonly int length;

    private PooledPayload(byte[] buffer, int length) => (this.buffer, this.length) = (buffer, length);

    /// <summary>Buffers rented and not yet given back, in the whole process: tests hold it at zero.</summary>
    public static int Outstanding => Volatile.Read(ref outstanding);

    public Memory<byte> Bytes => Buffer.AsMemory(0, length);

    public Span<byte> Span => Buffer.AsSpan(0, length);

    private byte[] Buffer => buffer ?? throw new ObjectDisposedException(nameof(PooledPayload));

    /// <summary>A buffer of <paramref name="length"/> bytes with unspecified contents.</summary>
    public static PooledPayload Rent(int length)
    {
        if (length < 0 || length > Rows.PayloadBytesMax)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"a payload holds 0 to {Rows.PayloadBytesMax} bytes");
        Interlocked.Increment(ref outstanding);
        return new PooledPayload(ArrayPool<byte>.Shared.Rent(length), length);
    }

    public override void Dispose()
    {
        var returned = Interlocked.Exchange(ref buffer, null) ?? throw new ObjectDisposedException(nameof(PooledPayload), "disposed twice");
        Interlocked.Decrement(ref outstanding);
        ArrayPool<byte>.Shared.Return(returned);
    }
}
