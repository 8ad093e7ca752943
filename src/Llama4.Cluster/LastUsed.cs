using System.Diagnostics.CodeAnalysis;

namespace Llama4.Cluster;

/// <summary>A bounded table that forgets what was not used for longest. One caller at a time.</summary>
/// <param name="countMax">Where something else than a count is bounded, its owner calls <see cref="RemoveOldest"/>.</param>
internal sealed class LastUsed<TKey, TValue>(int countMax = int.MaxValue)
    where TKey : notnull
    where TValue : class
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _byKey = [];

    /// <summary>The last used first.</summary>
    private readonly LinkedList<(TKey Key, TValue Value)> _all = [];

    public int Count => _byKey.Count;

    /// <summary>The last used first.</summary>
    public IEnumerable<TValue> Values => _all.Select(entry => entry.Value);

    public TValue? Find(TKey key)
    {
        if (!_byKey.TryGetValue(key, out var node))
            return null;
        _all.Remove(node);
        _all.AddFirst(node);
        return node.Value.Value;
    }

    /// <summary>Adds, or puts in place of what is there.</summary>
    /// <returns>What was forgotten for it; null for nothing.</returns>
    public TValue? Add(TKey key, TValue value)
    {
        if (Remove(key, out var before))
        {
            _byKey.Add(key, _all.AddFirst((key, value)));
            return before;
        }
        _byKey.Add(key, _all.AddFirst((key, value)));
        return _byKey.Count <= countMax ? null : RemoveOldest();
    }

    /// <summary>Forgets what was not used for longest; there must be something.</summary>
    public TValue RemoveOldest()
    {
        var oldest = _all.Last!.Value;
        Remove(oldest.Key, out _);
        return oldest.Value;
    }

    public bool Remove(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = null;
        if (!_byKey.Remove(key, out var node))
            return false;
        _all.Remove(node);
        value = node.Value.Value;
        return true;
    }
}
