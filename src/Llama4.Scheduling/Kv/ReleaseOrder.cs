namespace Llama4.Scheduling;

/// <summary>Some of the blocks 0..n−1 in the order in which they were added. Linked by block number, so that one leaves the middle in O(1).</summary>
internal sealed class ReleaseOrder(int blocks)
{
    private const int None = -1;

    private readonly int[] _older = new int[blocks];
    private readonly int[] _newer = new int[blocks];
    private int _oldest = None;
    private int _newest = None;

    public int Count { get; private set; }

    /// <summary>Null for none.</summary>
    public int? Oldest => _oldest == None ? null : _oldest;

    /// <summary>As the newest; it must not be here yet.</summary>
    public void Add(int block)
    {
        _older[block] = _newest;
        _newer[block] = None;
        if (_newest != None)
        {
            _newer[_newest] = block;
        }
        else
        {
            _oldest = block;
        }

        _newest = block;
        Count++;
    }

    /// <summary>It must be here.</summary>
    public void Remove(int block)
    {
        var (older, newer) = (_older[block], _newer[block]);
        if (older != None)
        {
            _newer[older] = newer;
        }
        else
        {
            _oldest = newer;
        }

        if (newer != None)
        {
            _older[newer] = older;
        }
        else
        {
            _newest = older;
        }

        Count--;
    }

    public void Clear() => (_oldest, _newest, Count) = (None, None, 0);

    public IEnumerable<int> NewestFirst()
    {
        for (var block = _newest; block != None; block = _older[block])
        {
            yield return block;
        }
    }

    /// <summary>Throws if the links back are not those forth, or are not as many as are counted. For tests: O(blocks).</summary>
    public void CheckIntegrity()
    {
        var linked = 0;
        for (int block = _oldest, before = None; block != None; before = block, block = _newer[block])
        {
            linked++;
            if (_older[block] != before)
            {
                throw new InvalidOperationException($"KV pool: {block} is linked wrongly.");
            }
        }

        if (linked != Count)
        {
            throw new InvalidOperationException($"KV pool: {linked} blocks are linked, {Count} are counted.");
        }
    }
}
