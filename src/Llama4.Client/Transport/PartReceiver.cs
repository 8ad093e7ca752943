using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Llama4.Contracts;

namespace Llama4.Client.Transport;

/// <summary>
/// Receives what <see cref="PartSender"/> sends: messages into the pipe that Orleans reads, payloads from the socket into the pooled buffers that the
/// rows will own.
/// </summary>
/// <param name="block">What small parts are received through.</param>
internal sealed class PartReceiver(Stream stream, Memory<byte> block, PipeWriter messages, ByteCount count) : IDisposable
{
    /// <summary>Payloads that no message has claimed, of a sender that is in order: those of one message and of some that were given up.</summary>
    private const int UnclaimedBytesMax = 12 << 20;

    /// <summary>Messages are read as soon as they are there.</summary>
    private static readonly TimeSpan UnclaimedLimit = TimeSpan.FromSeconds(30);

    private PayloadArrivals? _arrivals;
    private int _start, _end, _longest;

    /// <summary>Until the stream ends, or whoever reads the messages has had enough.</summary>
    /// <exception cref="MessageRefusedException">What came is not what a host sends.</exception>
    /// <exception cref="TimeoutException">Payloads came without messages.</exception>
    public async Task RunAsync(CancellationToken closed)
    {
        if (!await FillAsync(StreamParts.LaneBytes))
            return;
        var lane = new Guid(Take(StreamParts.LaneBytes).Span);
        _arrivals = PayloadArrivals.TryOpen(lane) ?? throw new MessageRefusedException($"lane {lane} is another connection's");
        while (await FillAsync(StreamParts.HeadBytes))
        {
            var (length, isPayload) = StreamParts.ReadHead(Take(StreamParts.HeadBytes).Span);
            if (!await (isPayload ? PayloadAsync(length, closed) : MessagesAsync(length)))
                return;
        }
    }

    /// <summary>Lets go the payloads that no message has claimed: once the messages have been read.</summary>
    public void Dispose() => _arrivals?.Dispose();

    private async ValueTask<bool> PayloadAsync(int length, CancellationToken closed)
    {
        await _arrivals!.RoomAsync(UnclaimedBytesMax, UnclaimedLimit, closed);
        using var payload = new GrowingPayload(length, _longest);
        for (int copied; _end > _start && !payload.IsWhole; payload.Add(copied))
        {
            var room = payload.Rest();
            copied = Math.Min(room.Length, _end - _start);
            Take(copied).CopyTo(room);
        }
        var turn = StreamParts.TurnOf(length);
        while (!payload.IsWhole)
        {
            var room = payload.Rest();
            var bytes = await stream.ReadAsync(room[..Math.Min(room.Length, turn)], closed);
            if (bytes == 0)
                return false;
            payload.Add(bytes);
            count.AddIn(bytes);
            if (bytes == turn)
                Thread.Yield();
        }
        _longest = Math.Max(_longest, length);
        _arrivals.Add(payload.Take());
        return true;
    }

    private async ValueTask<bool> MessagesAsync(int length)
    {
        while (length > 0)
        {
            var memory = messages.GetMemory();
            memory = memory[..Math.Min(memory.Length, length)];
            int bytes;
            if (_end > _start)
            {
                var begun = Take(Math.Min(memory.Length, _end - _start));
                begun.CopyTo(memory);
                bytes = begun.Length;
            }
            else
            {
                bytes = await stream.ReadAsync(memory);
                count.AddIn(bytes);
            }
            messages.Advance(bytes);
            length -= bytes;
            if (bytes == 0 || (await messages.FlushAsync()).IsCompleted)
                return false;
        }
        return true;
    }

    /// <summary>Waits for so many bytes in the block; false if the stream ends before.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(int bytes)
    {
        if (_end - _start >= bytes)
            return true;
        block[_start.._end].CopyTo(block);
        (_start, _end) = (0, _end - _start);
        while (_end < bytes)
        {
            var read = await stream.ReadAsync(block[_end..]);
            if (read == 0)
                return false;
            count.AddIn(read);
            _end += read;
        }
        return true;
    }

    /// <summary>Valid until the next read.</summary>
    private ReadOnlyMemory<byte> Take(int bytes)
    {
        var taken = block.Slice(_start, bytes);
        _start += bytes;
        return taken;
    }
}
