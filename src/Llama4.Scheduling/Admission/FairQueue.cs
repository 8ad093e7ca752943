namespace Llama4.Scheduling;

/// <summary>
/// Requests waiting for admission, fair between callers by tokens served: the caller with the lowest count of served tokens is
/// next, its own requests in order of arrival. A caller that comes (back) starts at the count of the one served last, so that
/// idling saves up nothing and nobody waits for another's past. Answers that are read already, submitted again because another engine was lost, come before all
/// others; they are counted like these, so that a caller with many of them waits thereafter. (Virtual token counters: Sheng et al., "Fairness in Serving Large
/// Language Models", OSDI 2024.)
/// </summary>
internal sealed class FairQueue
{
    private readonly Dictionary<string, Line> _lines = [];
    private readonly Dictionary<Guid, Sequence> _waiting = [];
    private long _servedLast;

    public int Count => _waiting.Count;

    public int CountOf(string caller) => _lines.TryGetValue(caller, out var line) ? line.Waiting.Count : 0;

    public bool TryGet(Guid request, out Sequence? sequence) => _waiting.TryGetValue(request, out sequence);

    public void Add(Sequence sequence)
    {
        var caller = sequence.Request.Caller;
        if (!_lines.TryGetValue(caller, out var line))
        {
            _lines.Add(caller, line = new Line());
        }

        if (line.Waiting.Count == 0)
        {
            line.Served = Math.Max(line.Served, _servedLast);
        }

        var before = sequence.IsRead ? line.Waiting.First : null;
        while (before is { Value.IsRead: true })
        {
            before = before.Next;
        }

        if (before is not null)
        {
            line.Waiting.AddBefore(before, sequence);
        }
        else
        {
            line.Waiting.AddLast(sequence);
        }

        line.Requests++;
        _waiting.Add(sequence.Request.Id, sequence);
    }

    /// <summary>Who is next; among equal counts the one whose request arrived first.</summary>
    public Sequence? Peek() => Next()?.Waiting.First!.Value;

    /// <summary>Takes out what <see cref="Peek"/> showed and charges its caller for the tokens to prefill.</summary>
    public Sequence Take()
    {
        var line = Next() ?? throw new InvalidOperationException("The queue is empty.");
        var sequence = line.Waiting.First!.Value;
        line.Waiting.RemoveFirst();
        _waiting.Remove(sequence.Request.Id);
        if (!sequence.IsRead)
        {
            _servedLast = line.Served; // who is read came out of turn
        }

        line.Served += sequence.Count;
        return sequence;
    }

    /// <summary>Takes out a request that is cancelled; no charge.</summary>
    public void Remove(Sequence sequence)
    {
        _lines[sequence.Request.Caller].Waiting.Remove(sequence);
        _waiting.Remove(sequence.Request.Id);
        Ended(sequence);
    }

    /// <summary>Charges one generated token.</summary>
    public void Charge(Sequence sequence) => _lines[sequence.Request.Caller].Served++;

    /// <summary>A request is over: its caller is forgotten with its last one, so that callers are bounded by requests.</summary>
    public void Ended(Sequence sequence)
    {
        var line = _lines[sequence.Request.Caller];
        if (--line.Requests == 0)
        {
            _lines.Remove(sequence.Request.Caller);
        }
    }

    private Line? Next()
    {
        Line? next = null;
        foreach (var line in _lines.Values)
        {
            if (line.Waiting.First is { } first && (next is null || IsBefore((line, first.Value), (next, next.Waiting.First!.Value))))
            {
                next = line;
            }
        }

        return next;
    }

    private static bool IsBefore((Line Line, Sequence First) one, (Line Line, Sequence First) other) =>
        one.First.IsRead != other.First.IsRead ? one.First.IsRead
        : one.Line.Served != other.Line.Served ? one.Line.Served < other.Line.Served
        : one.First.Number < other.First.Number;

    private sealed class Line
    {
        public LinkedList<Sequence> Waiting { get; } = [];

        /// <summary>Tokens prefilled and generated for this caller.</summary>
        public long Served { get; set; }

        /// <summary>Waiting and admitted.</summary>
        public int Requests { get; set; }
    }
}
