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
    private int _tag = -1;

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

    /// <summary>Appends a string in each of these quotes; control characters in every allowed form.</summary>
    public int Quoted(int node, string text, ReadOnlySpan<byte> quotes)
    {
        var end = Byte(Inside(node, text, quotes[0]), quotes[0]);
        foreach (var quote in quotes[1..])
        {
            _nodes[Inside(node, text, quote)].Edges.Set(quote, end);
        }

        return Pass(end);
    }

    /// <summary>Appends one of these words, which all mean the same; none begins another.</summary>
    public int Word(int node, params ReadOnlySpan<string> forms)
    {
        var end = Raw(node, Encoding.UTF8.GetBytes(forms[0]));
        foreach (var form in forms[1..])
        {
            var bytes = Encoding.UTF8.GetBytes(form);
            _nodes[Raw(node, bytes.AsSpan(..^1))].Edges.Set(bytes[^1], end);
        }

        return end;
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

    /// <summary>Tells which text is written from now on, for <see cref="TagsBelow"/>; tags ascend.</summary>
    public void Begin(int tag) => _tag = tag;

    /// <summary>The tags of the texts that go through a node, ascending.</summary>
    public IReadOnlyList<int> TagsBelow(int node) => _nodes[node].TagsBelow;

    /// <summary>Where a byte leads, -1 for nowhere.</summary>
    public int Step(int node, byte value) => _nodes[node].Edges.TryGetValue(value, out var next) ? next : -1;

    /// <summary>The tag of the text that ends here, -1 if none does.</summary>
    public int TagAt(int node) => _nodes[node].Tag;

    /// <summary>Whether a byte can follow.</summary>
    public bool Continues(int node) => _nodes[node].Edges.Count > 0;

    /// <summary>Makes the optional spaces. Nothing may be added after.</summary>
    public TextSet Finish()
    {
        if (_finished)
        {
            return this;
        }

        _finished = true;
        for (int i = 0, count = _nodes.Count; i < count; i++)
        {
            if (_nodes[i].HasSymbol(Spaceable))
            {
                _nodes.Add(new Node { Tag = _nodes[i].Tag, TagsBelow = _nodes[i].TagsBelow });
                _nodes[^1].Edges.AddAll(_nodes[i].Edges);

                _nodes[i].Edges.Set((byte)' ', _nodes.Count - 1);
            }
        }

        return this;
    }

    private int Inside(int node, string text, byte quote)
    {
        Span<byte> utf8 = stackalloc byte[4];
        node = Byte(node, quote);
        foreach (var rune in text.EnumerateRunes())
        {
            node = rune.Value switch
            {
                < 0x20 or 0x7F => Control(node, rune.Value),
                '\\' => Raw(node, "\\\\"u8),
                _ when rune.Value == quote => Raw(node, [(byte)'\\', quote]),
                _ => Raw(node, utf8[..rune.EncodeToUtf8(utf8)]),
            };
        }

        return node;
    }

    private int Byte(int node, byte value)
    {
        if (!_nodes[node].Edges.TryGetValue(value, out var next))
        {
            next = Add();
            _nodes[node].Edges.Set(value, next);
        }

        return Pass(next);
    }

    /// <summary><c>\n</c>, <c>\u000A</c> and <c>\u000a</c> all lead to one node.</summary>
    private int Control(int node, int character)
    {
        if (!_nodes[node].Symbols.TryGetValue(character, out var next))
        {
            next = Add();
            _nodes[node].Symbols.Add(character, next);
        }

        var backslash = Byte(node, (byte)'\\');
        if (JsonEscapes.ShortFor(character) is { } letter)
        {
            _nodes[backslash].Edges.Set(letter, next);
        }

        var high = Raw(backslash, [(byte)'u', (byte)'0', (byte)'0', (byte)('0' + (character >> 4))]);
        foreach (var digit in JsonEscapes.HexForms(character & 15))
        {
            _nodes[high].Edges.Set(digit, next);
        }

        return Pass(next);
    }

    private int Pass(int node)
    {
        var tags = _nodes[node].TagsBelow;
        if (_tag >= 0 && (tags.Count == 0 || tags[^1] != _tag))
        {
            tags.Add(_tag);
        }

        return node;
    }

    private int Add()
    {
        _nodes.Add(new());
        return _nodes.Count - 1;
    }

    private sealed class Node
    {
        private Dictionary<int, int>? _symbols;

        public ByteEdges Edges { get; } = new();

        /// <summary>Characters that are written in several ways, and whether a space may come first.</summary>
        public Dictionary<int, int> Symbols => _symbols ??= [];

        public bool HasSymbol(int symbol) => _symbols?.ContainsKey(symbol) ?? false;

        public int Tag { get; set; } = -1;

        public List<int> TagsBelow { get; init; } = [];
    }
}
