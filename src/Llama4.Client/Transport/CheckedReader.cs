using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Llama4.Client.Transport;

/// <summary>
/// What Orleans reads of a connection: its preamble [length, bytes], then its messages [length of header, length of body, header, body]. Each body is looked at by
/// <see cref="MessageShape"/> once it is there, before Orleans sees it. Lengths are Orleans' to check: it closes the connection at one past its limits.
/// </summary>
internal sealed class CheckedReader(PipeReader inner) : PipeReader
{
    /// <summary>Orleans' own limit of a preamble.</summary>
    private const int PreambleMax = 1024;

    private const int FrameBytes = 2 * sizeof(int);

    private ReadOnlySequence<byte> _buffer;
    private long _checked;
    private bool _begun;
    private bool _lost;

    /// <summary>The preamble was there.</summary>
    public bool Begun => Volatile.Read(ref _begun);

    /// <exception cref="MessageRefusedException">What is there is not what a host sends.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        Check(await inner.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        var read = inner.TryRead(out result);
        if (read)
            Check(result);
        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _checked -= _buffer.Slice(_buffer.Start, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private ReadResult Check(ReadResult result)
    {
        _buffer = result.Buffer;
        while (!_lost && TryCheckNext(_buffer.Slice(_checked), out var bytes))
            _checked += bytes;
        return result;
    }

    /// <summary>False where the next of them is not all there.</summary>
    private bool TryCheckNext(in ReadOnlySequence<byte> rest, out long bytes)
    {
        bytes = 0;
        Span<byte> lengths = stackalloc byte[FrameBytes];
        if (!_begun)
        {
            if (!TryCopy(rest, lengths[..sizeof(int)]))
                return false;
            var length = BinaryPrimitives.ReadInt32LittleEndian(lengths);
            if (length is <= 0 or > PreambleMax)
                throw new MessageRefusedException($"a preamble of {length} bytes: expected at most {PreambleMax}");
            bytes = sizeof(int) + length;
            if (rest.Length < bytes)
                return false;
            Volatile.Write(ref _begun, true);
            return true;
        }
        if (!TryCopy(rest, lengths))
            return false;
        var (header, body) = (BinaryPrimitives.ReadInt32LittleEndian(lengths), BinaryPrimitives.ReadInt32LittleEndian(lengths[sizeof(int)..]));
        if (header < 0 || body < 0)
        {
            // Orleans closes the connection here: nothing behind it will be read.
            _lost = true;
            return false;
        }
        bytes = FrameBytes + (long)header + body;
        if (rest.Length < bytes)
            return false;
        MessageShape.Check(rest.Slice(FrameBytes + (long)header, body));
        return true;
    }

    private static bool TryCopy(in ReadOnlySequence<byte> from, Span<byte> to)
    {
        if (from.Length < to.Length)
            return false;
        from.Slice(0, to.Length).CopyTo(to);
        return true;
    }
}
