using System.Text;

namespace Llama4.Structured.Lexemes;

/// <summary>
/// A finite set of texts as a tree of bytes, with the freedoms of a canonical JSON text: an escape in either form, a
/// space or none after a comma and a colon. Texts are written from <see cref="Root"/> on, node by node.
/// </summary>
internal sealed class TextSet
{
    /// <summary>Where every text begins.</summary>
    public const int Root = 0;

    private const int Spaceable = -1;

    private readonly List<Node> _nodes = [new()];
    private bool _finished;

    /// <summary>The number of nodes; each takes about 100 bytes.</summary>
    public int Count => _nodes.Count;

    /// <summary>Whether no text was added.</summary>
    public bool IsEmpty => _nodes.Count == 1 && _nodes[Root].Tag < 0;

    /// <summary>Appends bytes as they are.</summary>
    public int Raw(int node, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            node = Byte(node, value);
        }

        return node;
    }

    /// <summary>Appends a JSON string with its quotes; control characters in every allowed form.</summary>
    public int JsonString(int node, string text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        node = Byte(node, (byte)'"');
        foreach (var rune in text.EnumerateRunes())
        {
            node = rune.Value switch
            {
                '"' or '\\' => Raw(node, [(byte)'\\', (byte)rune.Value]),
                < 0x20 or 0x7F => Control(node, rune.Value),
                _ => Raw(node, utf8[..rune.EncodeToUtf8(utf8)]),
            };
        }

        return Byte(node, (byte)'"');
    }

    /// <summary>Appends a comma or colon with one space or none behind it.</summary>
    public int Separator(int node, byte separator)
    {
        node = Byte(node, separator);
        if (!_nodes[node].Symbols.ContainsKey(Spaceable))
        {
            _nodes[node].Symbols.Add(Spaceable, node);
        }

        return node;
    }

    /// <summary>Ends a text; of equal texts the first tag stays.</summary>
    public void End(int node, int tag = 0)
    {
        if (_nodes[node].Tag < 0)
        {
            _nodes[node].Tag = tag;
        }
    }

    /// <summary>The tags of the texts that go through a node, ascending. Texts must have been ended in the order of their tags.</summary>
    public IReadOnlyList<int> TagsBelow(int node) => _nodes[node].TagsBelow;

    /// <summary>Where a byte leads, -1 for nowhere.</summary>
    public int Step(int node, byte value) => _nodes[node].Edges.TryGetValue(value, out var next) ? next : -1;

    /// <summary>The tag of the text that ends here, -1 if none does.</summary>
    public int TagAt(int node) => _nodes[node].Tag;

    /// <summary>Whether a byte can follow.</summary>
    public bool Continues(int node) => _nodes[node].Edges.Count > 0;

    /// <summary>Makes the optional spaces and, on demand, what <see cref="TagsBelow"/> tells. Nothing may be added after.</summary>
    public TextSet Finish(bool tagsBelow = false)
    {
        if (_finished)
        {
            return this;
        }

        _finished = true;
        for (int i = 0, count = _nodes.Count; i < count; i++)
        {
            if (_nodes[i].Symbols.ContainsKey(Spaceable))
            {
                _nodes.Add(new Node { Tag = _nodes[i].Tag });
                foreach (var (value, to) in _nodes[i].Edges)
                {
                    _nodes[^1].Edges.Add(value, to);
                }

                _nodes[i].Edges.Add((byte)' ', _nodes.Count - 1);
            }
        }

        if (tagsBelow)
        {
            CollectTags();
        }

        return this;
    }

    private int Byte(int node, byte value)
    {
        if (!_nodes[node].Edges.TryGetValue(value, out var next))
        {
            next = Add();
            _nodes[node].Edges.Add(value, next);
        }

        return next;
    }

    /// <summary><c>\n</c>, <c>\u000A</c> and <c>\u000a</c> all lead to one node.</summary>
    private int Control(int node, int character)
    {
        if (_nodes[node].Symbols.TryGetValue(character, out var next))
        {
            return next;
        }

        next = Add();
        _nodes[node].Symbols.Add(character, next);
        var backslash = Byte(node, (byte)'\\');
        if (JsonEscapes.ShortFor(character) is { } letter)
        {
            _nodes[backslash].Edges[letter] = next;
        }

        var high = Raw(backslash, [(byte)'u', (byte)'0', (byte)'0', (byte)('0' + (character >> 4))]);
        foreach (var digit in JsonEscapes.HexForms(character & 15))
        {
            _nodes[high].Edges[digit] = next;
        }

        return next;
    }

    private int Add()
    {
        _nodes.Add(new());
        return _nodes.Count - 1;
    }

    /// <summary>Children have greater numbers than their parents, except where escapes join; so tags are spread until nothing changes.</summary>
    private void CollectTags()
    {
        var below = _nodes.Select(node => new SortedSet<int>(node.Tag < 0 ? [] : [node.Tag])).ToArray();
        for (var changed = true; changed;)
        {
            changed = false;
            for (var i = _nodes.Count - 1; i >= 0; i--)
            {
                var before = below[i].Count;
                foreach (var to in _nodes[i].Edges.Values)
                {
                    below[i].UnionWith(below[to]);
                }

                changed |= below[i].Count != before;
            }
        }

        for (var i = 0; i < _nodes.Count; i++)
        {
            _nodes[i].TagsBelow = [.. below[i]];
        }
    }

    private sealed class Node
    {
        public SortedDictionary<byte, int> Edges { get; } = [];

        /// <summary>Characters that are written in several ways, and whether a space may come first.</summary>
        public Dictionary<int, int> Symbols { get; } = [];

        public int Tag { get; set; } = -1;

        public int[] TagsBelow { get; set; } = [];
    }
}
