using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Llama4.Contracts;

namespace Llama4.Client.Transport;

/// <summary>
/// Sends what Orleans has written and the payloads between, in as few sends as may be: over a bare socket the buffers are handed to the kernel where they
/// lie; over TLS small ones are put together first, as each write would become a record of its own.
/// </summary>
internal sealed class PartSender(Link link, OutgoingPayloads payloads, ByteCount count)
{
    /// <summary>Buffers in one send; the kernel takes 1,024.</summary>
    private const int PiecesMax = 64;

    /// <summary>A TLS record holds 16 KiB.</summary>
    private const int RecordBytes = 16 * 1024;

    private readonly List<ArraySegment<byte>> _pieces = new(PiecesMax + 2);
    private readonly List<HeldPayload> _held = [];
    private readonly byte[] _heads = new byte[StreamParts.HeadBytes * (PiecesMax + 2)];
    private readonly byte[] _record = link.Stream is NetworkStream ? [] : new byte[RecordBytes];
    private int _headsUsed;
    private long _position;

    /// <summary>Until the messages end or the other side is gone. Lets go of every payload that was attached.</summary>
    public async Task RunAsync(PipeReader messages)
    {
        try
        {
            _pieces.Add(payloads.Lane.ToByteArray());
            while (true)
            {
                var read = await messages.ReadAsync();
                await SendAsync(read.Buffer);
                messages.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        finally
        {
            Release();
            payloads.Close();
        }
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> rest)
    {
        while (true)
        {
            long next;
            while (payloads.TryTake(_position, out var payload, out next))
            {
                _held.Add(payload.Value);
                Add(payload.Value.Bytes.Count, isPayload: true);
                var left = payload.Value.Bytes;
                for (var turn = StreamParts.TurnOf(left.Count); left.Count > turn; left = left[turn..])
                {
                    _pieces.Add(left[..turn]);
                    await FlushAsync();
                    Thread.Yield();
                }
                _pieces.Add(left);
                if (_pieces.Count >= PiecesMax)
                    await FlushAsync();
            }
            if (rest.IsEmpty)
                break;
            var part = rest.Slice(0, Math.Min(rest.Length, next - _position));
            rest = rest.Slice(part.End);
            _position += part.Length;
            Add((int)part.Length, isPayload: false);
            foreach (var segment in part)
            {
                if (!MemoryMarshal.TryGetArray(segment, out var bytes))
                    throw new InvalidOperationException("a block of a pipe is not an array");
                _pieces.Add(bytes);
                if (_pieces.Count >= PiecesMax)
                    await FlushAsync();
            }
        }
        if (_pieces.Count > 0)
            await FlushAsync();
        Release();
    }

    private void Add(int length, bool isPayload)
    {
        var head = new ArraySegment<byte>(_heads, _headsUsed, StreamParts.HeadBytes);
        StreamParts.WriteHead(head, length, isPayload);
        _headsUsed += StreamParts.HeadBytes;
        _pieces.Add(head);
    }

    private async ValueTask FlushAsync()
    {
        if (_record.Length > 0)
            await WriteRecordsAsync();
        else
            await WriteToSocketAsync();
        _pieces.Clear();
        _headsUsed = 0;
    }

    private async ValueTask WriteToSocketAsync()
    {
        var expected = 0L;
        foreach (var piece in _pieces)
            expected += piece.Count;
        var sent = await link.Socket.SendAsync(_pieces, SocketFlags.None);
        if (sent != expected)
            throw new IOException($"the socket took {sent} of {expected} bytes");
        count.AddOut(sent);
    }

    private async ValueTask WriteRecordsAsync()
    {
        var used = 0;
        foreach (var piece in _pieces)
        {
            count.AddOut(piece.Count);
            if (piece.Count > RecordBytes - used)
            {
                if (used > 0)
                    await link.Stream.WriteAsync(_record.AsMemory(0, used));
                used = 0;
            }
            if (piece.Count > RecordBytes)
            {
                await link.Stream.WriteAsync(piece);
                continue;
            }
            piece.AsSpan().CopyTo(_record.AsSpan(used));
            used += piece.Count;
        }
        if (used > 0)
            await link.Stream.WriteAsync(_record.AsMemory(0, used));
    }

    private void Release()
    {
        foreach (var payload in _held)
            payload.Release();
        _held.Clear();
    }
}
