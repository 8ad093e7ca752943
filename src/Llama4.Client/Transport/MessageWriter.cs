using System.IO.Pipelines;

namespace Llama4.Client.Transport;

/// <summary>
/// Where Orleans writes its messages. It asks for memory when it begins one and advances only when it has finished it, with no await between:
/// by that the payloads find their place in the stream.
/// </summary>
internal sealed class MessageWriter(PipeWriter inner, OutgoingPayloads payloads) : PipeWriter
{
    private long _written;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        payloads.Begin();
        return inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        payloads.Finish(_written);
        _written += bytes;
        inner.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        payloads.Drop();
        return inner.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        payloads.Drop();
        inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        payloads.Drop();
        return inner.CompleteAsync(exception);
    }
}
