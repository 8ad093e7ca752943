using System.Diagnostics.CodeAnalysis;

namespace Llama4.Scheduling;

/// <summary>
/// The admitted sequences: who runs, who was preempted and comes back first, and who gets the KV blocks. Both lists are in order
/// of first admission.
/// </summary>
internal sealed class Admitted(KvMemory memory, SchedulerLimits limits)
{
    private readonly Dictionary<Guid, Sequence> _byRequest = [];
    private readonly Dictionary<long, Sequence> _byNumber = [];
    private long _lastOrder;
    private (Sequence? Sequence, int Running, int Available) _refused;

    public List<Sequence> Running { get; } = new(limits.SequencesMax);

    public List<Sequence> Preempted { get; } = [];

    public MicroBatchLanes Lanes { get; } = new(limits.MicroBatchesMax);

    /// <summary>Order of the oldest sequence that waits for a block: nobody younger may be scheduled.</summary>
    public long Barrier
    {
        get
        {
            foreach (var sequence in Running)
            {
                if (sequence.Blocked)
                {
                    return sequence.Order;
                }
            }

            return long.MaxValue;
        }
    }

    public Sequence this[long number] => _byNumber.TryGetValue(number, out var sequence)
        ? sequence
        : throw new ArgumentException($"Sequence {number} is not admitted or has ended.");

    public bool TryGet(Guid request, [MaybeNullWhen(false)] out Sequence sequence) => _byRequest.TryGetValue(request, out sequence);

    /// <summary>
    /// Lets in who comes next, preempted ones before new ones, while there are seats and blocks for all the tokens known of everybody
    /// inside. Nobody overtakes one that does not fit yet. That is a forecast to keep preemption rare: answers grow beyond it.
    /// </summary>
    public void Admit(FairQueue queue, PrefixSharing sharing)
    {
        while (Barrier == long.MaxValue)
        {
            var preempted = Preempted.Count > 0;
            var sequence = preempted ? Preempted[0] : _byNumber.Count < limits.SequencesMax ? queue.Peek() : null;
            if (sequence is null || !HasBlocksFor(sequence, sharing))
            {
                return;
            }

            if (preempted)
            {
                Preempted.RemoveAt(0);
            }
            else
            {
                queue.Take();
                sequence.Order = ++_lastOrder;
                _byRequest.Add(sequence.Request.Id, sequence);
                _byNumber.Add(sequence.Number, sequence);
            }

            Insert(Running, sequence);
            Lanes.Add(sequence);
        }
    }

    /// <summary>
    /// Blocks for up to <paramref name="rows"/> more positions of a sequence. If not one fits, younger sequences that are in no step
    /// yield theirs, the youngest first.
    /// </summary>
    /// <returns>Positions reserved; 0 if the sequence must wait for steps in flight or for older sequences.</returns>
    public int Reserve(Sequence sequence, int rows)
    {
        while (true)
        {
            var fits = Math.Min(
                sequence.Full.Fits(sequence.Computed, rows, memory.Full.Pool.Available),
                sequence.Chunked.Fits(sequence.Computed, rows, memory.Chunked.Pool.Available));
            if (fits > 0)
            {
                sequence.Full.Grow(sequence.Computed + fits);
                sequence.Chunked.Grow(sequence.Computed + fits);
                sequence.Blocked = false;
                return fits;
            }

            if (YoungestHolder(sequence.Order) is not { } victim)
            {
                sequence.Blocked = true;
                return 0;
            }

            Preempt(victim);
        }
    }

    /// <summary>Takes a sequence's blocks away; it comes back first and is computed again, its tokens kept.</summary>
    public void Preempt(Sequence sequence)
    {
        Running.Remove(sequence);
        Lanes.Remove(sequence);
        sequence.ReleaseKv();
        sequence.Blocked = false;
        Insert(Preempted, sequence);
    }

    /// <summary>A sequence has ended.</summary>
    public void Remove(Sequence sequence)
    {
        if (Running.Remove(sequence))
        {
            Lanes.Remove(sequence);
            sequence.ReleaseKv();
        }
        else
        {
            Preempted.Remove(sequence);
        }

        _byRequest.Remove(sequence.Request.Id);
        _byNumber.Remove(sequence.Number);
    }

    public void CheckIntegrity()
    {
        memory.Full.Pool.CheckIntegrity(Running.SelectMany(sequence => sequence.Full.Blocks));
        memory.Chunked.Pool.CheckIntegrity(Running.SelectMany(sequence => sequence.Chunked.Blocks));
        if (Running.Count + Preempted.Count != _byNumber.Count || _byNumber.Count != _byRequest.Count || _byNumber.Count > limits.SequencesMax)
        {
            throw new InvalidOperationException(
                $"{Running.Count} sequences run and {Preempted.Count} are preempted, {_byNumber.Count} are known; the bound is {limits.SequencesMax}.");
        }
    }

    private bool HasBlocksFor(Sequence sequence, PrefixSharing sharing)
    {
        if (Running.Count == 0)
        {
            return true;
        }

        // Asked again at every step: the answer stays no until somebody left or let go of blocks.
        var available = memory.Full.Pool.Available + memory.Chunked.Pool.Available;
        if (ReferenceEquals(_refused.Sequence, sequence) && _refused.Running == Running.Count && available <= _refused.Available)
        {
            return false;
        }

        sharing.Peek(sequence);
        var fits = Fits(memory.Full, s => s.Full, sequence) && Fits(memory.Chunked, s => s.Chunked, sequence);
        sequence.ReleaseKv();
        _refused = fits ? default : (sequence, Running.Count, available);
        return fits;
    }

    private bool Fits(KvKind kind, Func<Sequence, KvBlockTable> tableOf, Sequence candidate)
    {
        if (!kind.Exists)
        {
            return true;
        }

        long needed = kind.Layout.BlocksAtOnce(candidate.Count) - tableOf(candidate).Blocks.Count;
        foreach (var sequence in Running)
        {
            needed += Math.Max(0, kind.Layout.BlocksAtOnce(sequence.Count) - tableOf(sequence).Blocks.Count);
        }

        return needed <= kind.Pool.Available;
    }

    private Sequence? YoungestHolder(long olderThan)
    {
        for (var i = Running.Count - 1; i >= 0 && Running[i].Order > olderThan; i--)
        {
            var sequence = Running[i];
            if (sequence.Step is null && sequence.Full.Blocks.Count + sequence.Chunked.Blocks.Count > 0)
            {
                return sequence;
            }
        }

        return null;
    }

    private static void Insert(List<Sequence> list, Sequence sequence)
    {
        var at = list.Count;
        while (at > 0 && list[at - 1].Order > sequence.Order)
        {
            at--;
        }

        list.Insert(at, sequence);
    }
}
