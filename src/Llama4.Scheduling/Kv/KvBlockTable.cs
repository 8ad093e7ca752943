using System.Runtime.InteropServices;

namespace Llama4.Scheduling;

/// <summary>
/// The blocks of one sequence on one kind of layer: entry i holds the positions <see cref="FirstPosition"/> + i·block.. of the
/// sequence's current attention chunk. It is emptied when the chunk ends.
/// </summary>
internal sealed class KvBlockTable(KvKind kind)
{
    private readonly List<int> _blocks = [];
    private int _complete;

    public KvKind Kind => kind;

    /// <summary>The position of key index 0.</summary>
    public int FirstPosition { get; private set; }

    public IReadOnlyList<int> Blocks => _blocks;

    /// <summary>The block numbers, padded with 0 to the length of <paramref name="line"/>.</summary>
    public void CopyTo(Span<int> line)
    {
        CollectionsMarshal.AsSpan(_blocks).CopyTo(line);
        line[_blocks.Count..].Clear();
    }

    /// <summary>How many of the <paramref name="rows"/> positions from <paramref name="position"/> on (one chunk) fit with <paramref name="available"/> more blocks.</summary>
    public int Fits(int position, int rows, int available)
    {
        if (!kind.Exists)
        {
            return rows;
        }

        var last = FirstPosition + (_blocks.Count + (long)available) * kind.Layout.BlockPositions;
        return (int)Math.Clamp(last - position, 0, rows);
    }

    /// <summary>More blocks needed to hold positions below <paramref name="end"/> of the current chunk.</summary>
    public int Shortage(int end) => kind.Exists ? Math.Max(0, kind.Layout.BlocksFor(end - FirstPosition) - _blocks.Count) : 0;

    /// <summary>Rents what is missing for positions below <paramref name="end"/> of the current chunk.</summary>
    public void Grow(int end)
    {
        for (var missing = Shortage(end); missing > 0; missing--)
        {
            _blocks.Add(kind.Pool.Rent());
        }
    }

    /// <summary>Keys and values below <paramref name="computed"/> are written: names the complete blocks, and lets go of a chunk that has ended.</summary>
    public void Complete(int computed, PrefixHashes hashes)
    {
        if (!kind.Exists)
        {
            return;
        }

        while (true)
        {
            var end = kind.Layout.NextBlockEnd(FirstPosition + _complete * kind.Layout.BlockPositions);
            if (_complete >= _blocks.Count || end > computed)
            {
                break;
            }

            kind.Pool.Name(_blocks[_complete], hashes[end]);
            _complete++;
            if (end == kind.Layout.ChunkEnd(FirstPosition))
            {
                break;
            }
        }

        if (computed >= kind.Layout.ChunkEnd(FirstPosition))
        {
            Release(computed);
        }
    }

    /// <summary>Holds the cached blocks of [start of the chunk of <paramref name="position"/>, <paramref name="position"/>) in place of what it held.</summary>
    public void Adopt(int position, PrefixHashes hashes)
    {
        if (!kind.Exists)
        {
            return;
        }

        var start = kind.Layout.ChunkStart(position);
        var keep = start == FirstPosition ? _complete : 0;
        ReleaseFrom(keep);
        FirstPosition = start;
        for (var at = start + keep * kind.Layout.BlockPositions; at < position;)
        {
            at = kind.Layout.NextBlockEnd(at);
            if (!kind.Pool.TryFind(hashes[at], out var block))
            {
                throw new InvalidOperationException($"The cached block that ends at {at} is gone before a hit at {position} was taken.");
            }

            kind.Pool.Hold(block);
            _blocks.Add(block);
        }

        _complete = _blocks.Count;
    }

    /// <summary>Lets go of everything; the table then starts at <paramref name="position"/>, the start of a chunk.</summary>
    public void Release(int position)
    {
        ReleaseFrom(0);
        FirstPosition = position;
    }

    // Last block first: the cache then evicts the end of a prefix before the start that it is useless without.
    private void ReleaseFrom(int keep)
    {
        for (var i = _blocks.Count - 1; i >= keep; i--)
        {
            kind.Pool.Release(_blocks[i]);
        }

        _blocks.RemoveRange(keep, _blocks.Count - keep);
        _complete = Math.Min(_complete, keep);
    }
}
