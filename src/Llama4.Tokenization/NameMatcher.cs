using System.Buffers;

namespace Llama4.Tokenization;

/// <summary>Finds names in a text: the leftmost, and the longest of those that begin there.</summary>
internal sealed class NameMatcher
{
    private const int Root = 0;

    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly List<int> _valueAt = [-1];
    private readonly SearchValues<char> _firstUnits;

    /// <param name="names">Names, none empty, with a value of 0 or more each.</param>
    public NameMatcher(IEnumerable<KeyValuePair<string, int>> names)
    {
        var firstUnits = new HashSet<char>();
        foreach (var (name, value) in names)
        {
            firstUnits.Add(name[0]);
            var node = Root;
            foreach (var unit in name)
            {
                if (!_edges.TryGetValue((node, unit), out var next))
                {
                    next = _edges[(node, unit)] = _valueAt.Count;
                    _valueAt.Add(-1);
                }

                node = next;
            }

            _valueAt[node] = value;
        }

        _firstUnits = SearchValues.Create([.. firstUnits]);
    }

    /// <summary>The first name at or after <paramref name="from"/>; the look-up costs at most the longest name for each character.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int length, out int value)
    {
        for (start = from; start < text.Length; start++)
        {
            var skip = text[start..].IndexOfAny(_firstUnits);
            if (skip < 0)
            {
                break;
            }

            start += skip;
            (length, value) = LongestAt(text[start..]);
            if (length > 0)
            {
                return true;
            }
        }

        (start, length, value) = (text.Length, 0, -1);
        return false;
    }

    private (int Length, int Value) LongestAt(ReadOnlySpan<char> text)
    {
        var found = (Length: 0, Value: -1);
        var node = Root;
        for (var i = 0; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_valueAt[node] >= 0)
            {
                found = (i + 1, _valueAt[node]);
            }
        }

        return found;
    }
}
