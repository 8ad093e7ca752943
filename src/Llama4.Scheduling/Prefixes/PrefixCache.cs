namespace Llama4.Scheduling;

/// <summary>
/// Finds how far a sequence's keys and values are already in memory. A hit at P needs, on every kind of layer, the blocks of
/// [start of P's attention chunk, P): all of [0, P) on full layers; on chunked layers only those of the chunk P lies in, and
/// none at all when P starts a chunk. What is cached is what the pools have named; they evict the longest unused.
/// </summary>
internal sealed class PrefixCache(KvMemory memory)
{
    /// <summary>The greatest hit P with <paramref name="from"/> &lt; P ≤ <paramref name="limit"/>, or <paramref name="from"/> if there is none.</summary>
    /// <param name="hashes">Of the sequence, reaching to <paramref name="limit"/>.</param>
    /// <param name="from">What the sequence has computed: its own complete blocks before it need not be found.</param>
    public int Find(PrefixHashes hashes, int from, int limit)
    {
        foreach (var kind in memory.Kinds)
        {
            if (kind.Layout.ChunkPositions == int.MaxValue)
            {
                limit = Reach(kind, hashes, kind.Layout.BlockStart(from), limit);
            }
        }

        // Chunks from the last: the first that gives a hit gives the greatest.
        while (limit > from)
        {
            var chunkStart = 0;
            var reach = limit;
            foreach (var kind in memory.Kinds)
            {
                if (kind.Layout.ChunkPositions < int.MaxValue)
                {
                    chunkStart = kind.Layout.ChunkStart(limit);
                    reach = Reach(kind, hashes, Math.Max(chunkStart, kind.Layout.BlockStart(from)), limit);
                }
            }

            for (var hit = reach; hit >= Math.Max(chunkStart, from + 1); hit--)
            {
                if (EndsBlockOfEveryKind(hit))
                {
                    return hit;
                }
            }

            limit = chunkStart - 1;
        }

        return from;
    }

    private static int Reach(KvKind kind, PrefixHashes hashes, int start, int limit)
    {
        var reach = start;
        while (reach < limit)
        {
            var end = kind.Layout.NextBlockEnd(reach);
            if (end > limit || !kind.Pool.TryFind(hashes[end], out _))
            {
                break;
            }

            reach = end;
        }

        return reach;
    }

    private bool EndsBlockOfEveryKind(int position)
    {
        foreach (var kind in memory.Kinds)
        {
            if (!kind.Layout.EndsBlock(position))
            {
                return false;
            }
        }

        return true;
    }
}
