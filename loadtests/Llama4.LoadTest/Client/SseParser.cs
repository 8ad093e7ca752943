namespace Llama4.LoadTest.Client;

/// <summary>
/// Server-sent events (WHATWG HTML, 9.2.6) out of pieces of bytes of any size: LF, CR or CRLF, comments, several <c>data</c> lines, a byte order mark.
/// Gives the data only; names, ids and retry times of events mean nothing in an answer.
/// </summary>
internal sealed class SseParser
{
    /// <summary>One event may have as many bytes; far beyond any chunk with alternatives.</summary>
    public const int EventBytesMax = 4 << 20;

    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    private readonly List<byte> _line = [];
    private readonly List<byte> _data = [];
    private bool _afterReturn; // a line feed that follows belongs to it
    private bool _firstLine = true;
    private bool _hasData;

    /// <summary>Takes the next bytes and appends the data of each event that they complete to <paramref name="events"/>.</summary>
    /// <exception cref="InvalidDataException">An event is longer than <see cref="EventBytesMax"/>.</exception>
    public void Push(ReadOnlySpan<byte> bytes, ICollection<byte[]> events)
    {
        while (bytes.Length > 0)
        {
            if (_afterReturn && bytes[0] == '\n')
            {
                bytes = bytes[1..];
                _afterReturn = false;
                continue;
            }

            _afterReturn = false;
            var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            Append(_line, end < 0 ? bytes : bytes[..end]);
            if (end < 0)
            {
                return;
            }

            _afterReturn = bytes[end] == '\r';
            bytes = bytes[(end + 1)..];
            EndLine(events);
        }
    }

    /// <summary>The stream has ended: whole lines count, as servers may leave out the empty line after <c>[DONE]</c>; half a line does not.</summary>
    public void End(ICollection<byte[]> events) => Dispatch(events);

    private void EndLine(ICollection<byte[]> events)
    {
        var line = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line);
        if (_firstLine && line.StartsWith(Mark))
        {
            line = line[Mark.Length..];
        }

        _firstLine = false;
        if (line.IsEmpty)
        {
            Dispatch(events);
        }
        else if (line.StartsWith("data"u8) && (line.Length == 4 || line[4] == ':'))
        {
            var value = line.Length <= 5 ? [] : line[5] == ' ' ? line[6..] : line[5..];
            if (_hasData)
            {
                _data.Add((byte)'\n');
            }

            Append(_data, value);
            _hasData = true;
        }

        _line.Clear();
    }

    private void Dispatch(ICollection<byte[]> events)
    {
        if (_hasData)
        {
            events.Add([.. _data]);
        }

        _data.Clear();
        _hasData = false;
    }

    private static void Append(List<byte> to, ReadOnlySpan<byte> bytes)
    {
        if (to.Count + bytes.Length > EventBytesMax)
        {
            throw new InvalidDataException($"an event of the stream has more than {EventBytesMax:N0} bytes");
        }

        to.AddRange(bytes);
    }
}
