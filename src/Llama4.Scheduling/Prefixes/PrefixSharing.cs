namespace Llama4.Scheduling;

/// <summary>
/// Lets sequences with equal beginnings share keys and values, also while the first of them is still being prefilled: a sequence
/// whose next block is being computed by a step in flight waits for that step and takes the block from the cache. It waits once
/// at a position, so that nobody depends on another's luck.
/// </summary>
internal sealed class PrefixSharing(KvMemory memory)
{
    private readonly PrefixCache _cache = new(memory);
    private readonly Dictionary<PrefixHash, long> _computing = [];

    /// <summary>Takes the blocks found beyond what the sequence has, as far as no logits are needed: the last token known is always left to compute.</summary>
    /// <returns>Prompt tokens that never have to be computed for this sequence.</returns>
    public int TakeCached(Sequence sequence)
    {
        var hit = Find(sequence);
        if (hit <= sequence.Computed)
        {
            return 0;
        }

        sequence.Adopt(hit);
        return sequence.CountCached(hit);
    }

    /// <summary>Holds the blocks found for a sequence that is not admitted; its ReleaseKv lets them go.</summary>
    public void Peek(Sequence sequence)
    {
        var hit = Find(sequence);
        if (hit > 0)
        {
            sequence.Adopt(hit);
        }
    }

    public bool WaitsForPrefix(Sequence sequence)
    {
        var end = memory.NextBlockEnd(sequence.Computed);
        if (end > sequence.CachedMax || !_computing.TryGetValue(sequence.Hashes[end], out var step)
            || (sequence.WaitedAt == sequence.Computed && sequence.WaitsFor != step))
        {
            return false;
        }

        sequence.WaitedAt = sequence.Computed;
        sequence.WaitsFor = step;
        return true;
    }

    /// <summary>A step will compute these rows.</summary>
    public void Computes(Sequence sequence, int rows, long step)
    {
        var end = memory.NextBlockEnd(sequence.Computed);
        if (rows > 1 && end <= sequence.Computed + rows)
        {
            _computing.TryAdd(sequence.Hashes[end], step);
        }
    }

    /// <summary>A step has ended, either way.</summary>
    public void Computed(long step)
    {
        if (_computing.Count == 0)
        {
            return;
        }

        foreach (var (hash, by) in _computing)
        {
            if (by == step)
            {
                _computing.Remove(hash);
            }
        }
    }

    private int Find(Sequence sequence)
    {
        sequence.Hashes.Extend(sequence.Tokens);
        return _cache.Find(sequence.Hashes, sequence.Computed, sequence.CachedMax);
    }
}
