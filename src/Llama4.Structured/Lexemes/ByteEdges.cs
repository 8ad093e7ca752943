namespace Llama4.Structured.Lexemes;

/// <summary>Where bytes lead from one node; most nodes of a tree of texts have a single edge.</summary>
internal sealed class ByteEdges
{
    private byte[] _values = new byte[1];
    private int[] _targets = new int[1];

    public int Count { get; private set; }

    /// <summary>Sets where a byte leads.</summary>
    public void Set(byte value, int target)
    {
        var index = _values.AsSpan(0, Count).IndexOf(value);
        if (index >= 0)
        {
            _targets[index] = target;
            return;
        }

        if (Count == _values.Length)
        {
            Array.Resize(ref _values, 4 * Count);
            Array.Resize(ref _targets, 4 * Count);
        }

        (_values[Count], _targets[Count]) = (value, target);
        Count++;
    }

    public void AddAll(ByteEdges other)
    {
        for (var i = 0; i < other.Count; i++)
        {
            Set(other._values[i], other._targets[i]);
        }
    }

    public bool TryGetValue(byte value, out int target)
    {
        var index = _values.AsSpan(0, Count).IndexOf(value);
        target = index < 0 ? -1 : _targets[index];
        return index >= 0;
    }
}
