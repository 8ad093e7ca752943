using System.Collections.Concurrent;

namespace Llama4.Contracts;

/// <summary>
/// The sending side of payloads that travel beside their messages: the message has a ticket, and the values go from the pooled buffer to the
/// socket without a copy. Orleans writes a message on one thread from its beginning to its end, which is how the codec finds the connection it writes for.
/// </summary>
public abstract class PayloadSender
{
    /// <summary>Below this the values are copied into the message: 4 KiB cost less than a further piece of a send.</summary>
    public const int BytesMin = 4096;

    [ThreadStatic]
    private static PayloadSender? current;

    /// <summary>For which connection this thread writes a message; left over from the last one between two messages.</summary>
    public static PayloadSender? Current
    {
        get => current;
        protected set => current = value;
    }

    /// <summary>Sends the values ahead of the message that is being written; if that is given up, they are let go.</summary>
    public abstract PayloadTicket Attach(PooledPayload payload);
}

/// <summary>Names a payload that came beside its message.</summary>
/// <param name="Lane">Drawn at random by the sender for one direction of one connection.</param>
/// <param name="Number">Counted from 0 on that lane.</param>
public readonly record struct PayloadTicket(Guid Lane, long Number)
{
    /// <summary>Bytes of a ticket in a message.</summary>
    public const int Bytes = 24;
}

/// <summary>
/// The receiving side of one connection: payloads that have come and that no message has claimed yet. Messages are read in the order in which they
/// were written, so one that claims a payload tells that those before it belong to messages that were given up.
/// </summary>
public sealed class PayloadArrivals : IDisposable
{
    private static readonly ConcurrentDictionary<Guid, PayloadArrivals> Lanes = [];

    private readonly Guid _lane;
    private readonly Queue<(long Number, PooledPayload Payload)> _waiting = [];
    private TaskCompletionSource? _claimed;
    private long _next;
    private long _bytes;
    private bool _closed;

    private PayloadArrivals(Guid lane) => _lane = lane;

    /// <summary>Null if there is such a lane: two senders do not draw the same.</summary>
    public static PayloadArrivals? TryOpen(Guid lane)
    {
        var arrivals = new PayloadArrivals(lane);
        return Lanes.TryAdd(lane, arrivals) ? arrivals : null;
    }

    /// <summary>Null if there is no such payload, or no longer. Who claims it owns it.</summary>
    public static PooledPayload? Claim(PayloadTicket ticket) => Lanes.TryGetValue(ticket.Lane, out var arrivals) ? arrivals.Claim(ticket.Number) : null;

    /// <summary>The next payload of the lane has come.</summary>
    public void Add(PooledPayload payload)
    {
        lock (_waiting)
        {
            if (!_closed)
            {
                _waiting.Enqueue((_next++, payload));
                _bytes += payload.Bytes.Length;
                return;
            }
        }
        payload.Dispose();
    }

    /// <summary>Comes to its end when at most so many bytes wait to be claimed.</summary>
    /// <exception cref="TimeoutException">Nothing was claimed for as long as <paramref name="limit"/>.</exception>
    public async ValueTask RoomAsync(long bytesMax, TimeSpan limit, CancellationToken cancellation)
    {
        while (true)
        {
            Task claimed;
            lock (_waiting)
            {
                if (_bytes <= bytesMax)
                    return;
                claimed = (_claimed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await claimed.WaitAsync(limit, cancellation);
        }
    }

    /// <summary>Lets go what nobody has claimed.</summary>
    public void Dispose()
    {
        Lanes.TryRemove(_lane, out _);
        lock (_waiting)
        {
            _closed = true;
            while (_waiting.TryDequeue(out var one))
                one.Payload.Dispose();
        }
    }

    private PooledPayload? Claim(long number)
    {
        PooledPayload? found = null;
        TaskCompletionSource? claimed;
        lock (_waiting)
        {
            while (_waiting.TryPeek(out var one) && one.Number <= number)
            {
                _waiting.Dequeue();
                _bytes -= one.Payload.Bytes.Length;
                if (one.Number == number)
                    found = one.Payload;
                else
                    one.Payload.Dispose();
            }
            (claimed, _claimed) = (_claimed, null);
        }
        claimed?.SetResult();
        return found;
    }
}
