namespace Llama4.Scheduling;

/// <summary>
/// The KV blocks 0..n−1 of one kind of layer. A block is in exactly one of three states:
/// <list type="bullet">
/// <item>free: nobody's, content worthless;</item>
/// <item>cached: nobody's, but its content is known by its <see cref="PrefixHash"/>; the longest unused is evicted first;</item>
/// <item>held: by one or more sequences (a count), named by a hash once its content is complete, or not.</item>
/// </list>
/// One hash names at most one block; a second block of equal content stays unnamed and goes free when released.
/// </summary>
public sealed class KvBlockPool
{
    private readonly int[] _holders;
    private readonly PrefixHash?[] _names;
    private readonly long[] _namings;
    private readonly Dictionary<PrefixHash, int> _byName = [];
    private readonly Stack<int> _free;
    private readonly ReleaseOrder _cached;
    private long _lastNaming;

    public KvBlockPool(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        _holders = new int[blocks];
        _names = new PrefixHash?[blocks];
        _namings = new long[blocks];
        _cached = new ReleaseOrder(blocks);
        _free = new Stack<int>(blocks);
        for (var block = blocks - 1; block >= 0; block--)
        {
            _free.Push(block);
        }
    }

    public int Blocks => _holders.Length;

    public int Free => _free.Count;

    /// <summary>Blocks that nobody holds and whose content can still be found.</summary>
    public int Cached => _cached.Count;

    /// <summary>Blocks that <see cref="Rent"/> can give: free and cached.</summary>
    public int Available => Free + Cached;

    public int Held => Blocks - Available;

    /// <summary>A block with one holder and no name: a free one, else the longest unused cached one, whose content is forgotten.</summary>
    /// <exception cref="InvalidOperationException">Nothing is available: callers look at <see cref="Available"/> first.</exception>
    public int Rent()
    {
        if (!_free.TryPop(out var block))
        {
            block = _cached.Oldest ?? throw new InvalidOperationException($"All {Blocks} KV blocks are held.");
            _cached.Remove(block);
            Forget(block);
        }

        _holders[block] = 1;
        return block;
    }

    /// <summary>The block of this content, whoever holds it.</summary>
    public bool TryFind(PrefixHash name, out int block) => _byName.TryGetValue(name, out block);

    /// <summary>One more holder for a block that was found.</summary>
    public void Hold(int block)
    {
        if (_holders[block] == 0)
        {
            if (_names[block] is null)
            {
                throw new InvalidOperationException($"KV block {block} is free: it cannot be shared.");
            }

            _cached.Remove(block);
        }

        _holders[block]++;
    }

    /// <summary>One holder less. The last one leaves it cached if it has a name, else free.</summary>
    public void Release(int block)
    {
        if (_holders[block] == 0)
        {
            throw new InvalidOperationException($"KV block {block} is released but nobody holds it.");
        }

        if (--_holders[block] > 0)
        {
            return;
        }

        if (_names[block] is null)
        {
            _free.Push(block);
        }
        else
        {
            _cached.Add(block);
        }
    }

    /// <summary>Makes a held, complete block findable. Without effect if it has a name or another block has this one.</summary>
    public void Name(int block, PrefixHash name)
    {
        if (_holders[block] == 0)
        {
            throw new InvalidOperationException($"KV block {block} is named but nobody holds it.");
        }

        if (_names[block] is null && _byName.TryAdd(name, block))
        {
            (_names[block], _namings[block]) = (name, ++_lastNaming);
        }
    }

    /// <summary>The blocks that can be found, with their namings, those first that most is lost with: held ones in the order of their naming, then cached ones, the last used first.</summary>
    public IEnumerable<(int Block, PrefixHash Name, long Naming)> Named()
    {
        var held = Enumerable.Range(0, Blocks).Where(block => _holders[block] > 0 && _names[block] is not null).OrderBy(block => _namings[block]);
        return held.Concat(_cached.NewestFirst()).Select(block => (block, _names[block]!.Value, _namings[block]));
    }

    /// <summary>Begins anew with these contents, cached, the first as the last used; every other block is free.</summary>
    /// <exception cref="InvalidOperationException">Blocks are held.</exception>
    public void Restart(IReadOnlyList<(int Block, PrefixHash Name)> contents)
    {
        if (Held > 0)
        {
            throw new InvalidOperationException($"{Held} KV blocks are held: nothing else can be in their place.");
        }

        _cached.Clear();
        _byName.Clear();
        Array.Clear(_names);
        for (var i = contents.Count - 1; i >= 0; i--)
        {
            var (block, name) = contents[i];
            if (_names[block] is null && _byName.TryAdd(name, block))
            {
                (_names[block], _namings[block]) = (name, ++_lastNaming);
                _cached.Add(block);
            }
        }

        _free.Clear();
        for (var block = Blocks - 1; block >= 0; block--)
        {
            if (_names[block] is null)
            {
                _free.Push(block);
            }
        }
    }

    /// <summary>Throws if a block is in no state or in two, or if names, counts and <paramref name="holders"/> disagree. For tests: O(blocks).</summary>
    /// <param name="holders">The block numbers of every table that holds some: one entry for each holder.</param>
    public void CheckIntegrity(IEnumerable<int> holders)
    {
        var expected = new int[Blocks];
        foreach (var block in holders)
        {
            expected[block]++;
        }

        var states = new int[Blocks];
        foreach (var block in _free)
        {
            states[block]++;
            Check(_holders[block] == 0 && _names[block] is null, block, "is free but held or named");
        }

        foreach (var block in _cached.NewestFirst())
        {
            states[block]++;
            Check(_holders[block] == 0 && _names[block] is not null, block, "is cached but held or without a name");
        }

        _cached.CheckIntegrity();
        for (var block = 0; block < Blocks; block++)
        {
            Check(_holders[block] == expected[block], block, $"counts {_holders[block]} holders, there are {expected[block]}");
            Check(states[block] + (_holders[block] > 0 ? 1 : 0) == 1, block, "is in no state or in two");
            Check(_names[block] is not { } name || _byName[name] == block, block, "has a name that finds another block");
        }

        Check(_byName.Count == _names.Count(name => name is not null), _byName.Count, "names are findable, but not as many are given");
    }

    private static void Check(bool holds, int block, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"KV pool: {block} {what}.");
        }
    }

    private void Forget(int block)
    {
        _byName.Remove(_names[block]!.Value);
        _names[block] = null;
    }
}
