using System.Buffers;

namespace Llama4.Tokenization.Bpe;

/// <summary>
/// Byte pair encoding of one piece: the neighbours of lowest rank merge, the leftmost among equals, until none can
/// (Sennrich et al. 2016, arXiv:1508.07909). Parts form a linked list, candidate pairs a heap: n log n, so a piece of 100,000 equal
/// characters costs about ten times one of 10,000.
/// </summary>
/// <remarks>
/// A heap entry may be stale when it comes up: it counts only if the pair that stands there now has the entry's rank.
/// Short pieces, nearly all of a text, look through their pairs instead: below 32 bytes that is faster than a heap.
/// </remarks>
internal static class BytePairMerger
{
    private const int ShortPiece = 32;
    private const int NoRank = -1;

    /// <summary>Appends the ids of <paramref name="piece"/> (at least one byte).</summary>
    public static void Merge<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<int> ids)
        where TRule : struct, IMergeRule
    {
        if (piece.Length <= ShortPiece)
        {
            MergeShort(rule, piece, ids);
        }
        else
        {
            MergeLong(rule, piece, ids);
        }
    }

    private static void MergeShort<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<int> ids)
        where TRule : struct, IMergeRule
    {
        Span<int> start = stackalloc int[ShortPiece + 1];
        Span<int> part = stackalloc int[ShortPiece];
        Span<int> rank = stackalloc int[ShortPiece];
        Span<int> merged = stackalloc int[ShortPiece];
        var count = piece.Length;
        for (var i = 0; i < count; i++)
        {
            start[i] = i;
            part[i] = rule.IdOf(piece[i]);
        }

        start[count] = count;
        for (var i = 0; i + 1 < count; i++)
        {
            rank[i] = rule.RankOf(piece.Slice(i, 2), part[i], part[i + 1], out merged[i]);
        }

        while (LowestRank(rank[..(count - 1)]) is var lowest and >= 0)
        {
            part[lowest] = merged[lowest];
            count--;
            start[(lowest + 2)..(count + 2)].CopyTo(start[(lowest + 1)..]);
            part[(lowest + 2)..(count + 1)].CopyTo(part[(lowest + 1)..]);
            rank[(lowest + 1)..count].CopyTo(rank[lowest..]);
            merged[(lowest + 1)..count].CopyTo(merged[lowest..]);
            for (var i = Math.Max(0, lowest - 1); i <= lowest && i + 1 < count; i++)
            {
                rank[i] = rule.RankOf(piece[start[i]..start[i + 2]], part[i], part[i + 1], out merged[i]);
            }
        }

        ids.AddRange(part[..count]);
    }

    private static int LowestRank(ReadOnlySpan<int> rank)
    {
        var lowest = -1;
        for (var i = 0; i < rank.Length; i++)
        {
            if (rank[i] != NoRank && (lowest < 0 || rank[i] < rank[lowest]))
            {
                lowest = i;
            }
        }

        return lowest;
    }

    private static void MergeLong<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<int> ids)
        where TRule : struct, IMergeRule
    {
        var length = piece.Length;
        var rented = ArrayPool<int>.Shared.Rent(5 * length);
        var parts = new Parts(
            rented.AsSpan(0, length),
            rented.AsSpan(length, length),
            rented.AsSpan(2 * length, length),
            rented.AsSpan(3 * length, length),
            rented.AsSpan(4 * length, length));
        for (var i = 0; i < length; i++)
        {
            parts.Id[i] = rule.IdOf(piece[i]);
            parts.Next[i] = i + 1;
            parts.Previous[i] = i - 1;
        }

        var heap = new PriorityQueue<int, long>(length);
        for (var i = 0; i < length; i++)
        {
            Consider(rule, piece, parts, heap, i);
        }

        while (heap.TryDequeue(out var left, out var priority))
        {
            if (parts.Rank[left] != (int)(priority >> 32))
            {
                continue;
            }

            var right = parts.Next[left];
            parts.Id[left] = parts.Merged[left];
            parts.Next[left] = parts.Next[right];
            parts.Rank[right] = NoRank;
            if (parts.Next[left] < length)
            {
                parts.Previous[parts.Next[left]] = left;
            }

            Consider(rule, piece, parts, heap, left);
            if (parts.Previous[left] >= 0)
            {
                Consider(rule, piece, parts, heap, parts.Previous[left]);
            }
        }

        for (var i = 0; i < length; i = parts.Next[i])
        {
            ids.Add(parts.Id[i]);
        }

        ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>Ranks the pair that begins at <paramref name="left"/> and puts it onto the heap, by rank and then by position.</summary>
    private static void Consider<TRule>(TRule rule, ReadOnlySpan<byte> piece, Parts parts, PriorityQueue<int, long> heap, int left)
        where TRule : struct, IMergeRule
    {
        var right = parts.Next[left];
        if (right == piece.Length)
        {
            parts.Rank[left] = NoRank;
            return;
        }

        var rank = rule.RankOf(piece[left..parts.Next[right]], parts.Id[left], parts.Id[right], out parts.Merged[left]);
        parts.Rank[left] = rank;
        if (rank != NoRank)
        {
            heap.Enqueue(left, ((long)rank << 32) | (uint)left);
        }
    }

    /// <summary>The parts of a piece, each at the index of its first byte: its id, its neighbours, and what its pair with the next one is.</summary>
    private readonly ref struct Parts(Span<int> id, Span<int> next, Span<int> previous, Span<int> rank, Span<int> merged)
    {
        public Span<int> Id { get; } = id;

        public Span<int> Next { get; } = next;

        public Span<int> Previous { get; } = previous;

        /// <summary>The rank of the pair that begins here; <see cref="NoRank"/> where none does, or the part is gone.</summary>
        public Span<int> Rank { get; } = rank;

        public Span<int> Merged { get; } = merged;
    }
}
