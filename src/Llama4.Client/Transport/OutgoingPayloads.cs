using System.Diagnostics.CodeAnalysis;
using Llama4.Contracts;

namespace Llama4.Client.Transport;

/// <summary>
/// Payloads on their way out of one connection, each at the place in the stream of messages before which it is sent: ahead of its own message, so that
/// it is there when that is read. Those of a message that is not finished may yet be dropped with it.
/// </summary>
internal sealed class OutgoingPayloads : PayloadSender
{
    private static long finished;

    private readonly List<HeldPayload> _unfinished = [];
    private readonly Queue<(long Position, HeldPayload Payload)> _queue = [];
    private long _count;
    private bool _closed;

    /// <summary>Payloads that went beside their messages, in the whole process: tests tell by it that it happens.</summary>
    public static long Finished => Interlocked.Read(ref finished);

    public Guid Lane { get; } = Guid.NewGuid();

    /// <summary>A message begins on this thread; one that began before and was not finished is given up.</summary>
    public void Begin()
    {
        Drop();
        Current = this;
    }

    public override PayloadTicket Attach(PooledPayload payload)
    {
        _unfinished.Add(payload.Hold());
        return new PayloadTicket(Lane, _count + _unfinished.Count - 1);
    }

    /// <summary>The message is finished; its first byte is at this position.</summary>
    public void Finish(long position)
    {
        if (_unfinished.Count == 0)
            return;
        Interlocked.Add(ref finished, _unfinished.Count);
        lock (_queue)
        {
            _count += _unfinished.Count;
            foreach (var payload in _unfinished)
            {
                if (_closed)
                    payload.Release();
                else
                    _queue.Enqueue((position, payload));
            }
        }
        _unfinished.Clear();
    }

    /// <summary>The message that was begun is given up.</summary>
    public void Drop()
    {
        foreach (var payload in _unfinished)
            payload.Release();
        _unfinished.Clear();
    }

    /// <summary>The next payload to send at this position, which the taker releases.</summary>
    /// <param name="next">Otherwise the position of the next one, or the greatest there is.</param>
    public bool TryTake(long position, [NotNullWhen(true)] out HeldPayload? payload, out long next)
    {
        lock (_queue)
        {
            payload = null;
            next = _queue.TryPeek(out var first) ? first.Position : long.MaxValue;
            if (next > position)
                return false;
            payload = _queue.Dequeue().Payload;
            return true;
        }
    }

    /// <summary>Nothing is sent any more.</summary>
    public void Close()
    {
        lock (_queue)
        {
            _closed = true;
            while (_queue.TryDequeue(out var one))
                one.Payload.Release();
        }
    }
}
