using System.Text;

namespace Llama4.Structured.Regexes;

/// <summary>Code points from <paramref name="Low"/> to <paramref name="High"/> lead to state <paramref name="To"/>.</summary>
internal readonly record struct CharacterEdge(int Low, int High, int To);

/// <summary>
/// A deterministic automaton over code points. Trimmed: from every state some text leads to acceptance, so whoever
/// has not fallen off is still on the way to a whole text. Immutable.
/// </summary>
internal sealed partial class CharacterAutomaton : ICharacters
{
    private const int Dead = -1;
    private const int TextLengthMax = 200;

    private readonly CharacterEdge[][] _edges;
    private readonly bool[] _accepting;

    private CharacterAutomaton(CharacterEdge[][] edges, bool[] accepting) => (_edges, _accepting) = (edges, accepting);

    /// <summary>No text.</summary>
    public static CharacterAutomaton None { get; } = new([], []);

    /// <summary>Every text.</summary>
    public static CharacterAutomaton All { get; } = new([[new(0, 0xD7FF, 0), new(0xE000, CodePoints.Max, 0)]], [true]);

    /// <summary>The number of states; the first is the start. None: no text is accepted.</summary>
    public int Count => _edges.Length;

    /// <summary>Whether no text at all is accepted.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The edges of a state, ascending and apart from each other.</summary>
    public CharacterEdge[] Edges(int state) => _edges[state];

    /// <summary>Whether the text may end in this state.</summary>
    public bool Accepts(int state) => _accepting[state];

    /// <summary>Whether from this state on every text is accepted, and that without leaving it.</summary>
    public bool AcceptsAnything(int state, out int room) => (room = int.MaxValue) > 0 && _accepting[state]
        && _edges[state] is [{ Low: 0, High: 0xD7FF } low, { Low: 0xE000, High: CodePoints.Max } high]
        && low.To == state && high.To == state;

    /// <summary>The length of the shortest text that leads from each state to acceptance.</summary>
    public int[] Distances()
    {
        var before = new List<int>[Count];
        for (var state = 0; state < Count; state++)
        {
            foreach (var edge in _edges[state])
            {
                (before[edge.To] ??= []).Add(state);
            }
        }

        var distances = new int[Count];
        Array.Fill(distances, -1);
        var open = new Queue<int>(Enumerable.Range(0, Count).Where(state => _accepting[state]));
        foreach (var state in open)
        {
            distances[state] = 0;
        }

        while (open.TryDequeue(out var state))
        {
            foreach (var from in before[state] ?? [])
            {
                if (distances[from] < 0)
                {
                    distances[from] = distances[state] + 1;
                    open.Enqueue(from);
                }
            }
        }

        return distances;
    }

    /// <summary>Whether the automaton accepts this text.</summary>
    public bool Matches(string text)
    {
        var state = IsEmpty ? -1 : 0;
        foreach (var rune in text.EnumerateRunes())
        {
            state = state < 0 ? -1 : Step(state, rune.Value);
        }

        return state >= 0 && Accepts(state);
    }

    /// <summary>Where a code point leads, -1 for nowhere.</summary>
    public int Step(int state, int codePoint)
    {
        var edges = _edges[state];
        var (low, high) = (0, edges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < edges[middle].Low)
            {
                high = middle - 1;
            }
            else if (codePoint > edges[middle].High)
            {
                low = middle + 1;
            }
            else
            {
                return edges[middle].To;
            }
        }

        return -1;
    }

    /// <summary>All accepted texts, ascending by code points; null if there are more than <paramref name="max"/>.</summary>
    public IReadOnlyList<string>? Texts(int max)
    {
        var texts = new List<string>();
        return IsEmpty || Collect(0, "", texts, max) ? texts : null;
    }

    /// <summary>One of the shortest texts; there must be one.</summary>
    public string Shortest()
    {
        var before = new Dictionary<int, (int State, int Character)> { [0] = (-1, 0) };
        var open = new Queue<int>([0]);
        while (open.TryDequeue(out var state))
        {
            if (_accepting[state])
            {
                var text = "";
                for (var at = state; before[at].State >= 0; at = before[at].State)
                {
                    text = char.ConvertFromUtf32(before[at].Character) + text;
                }

                return text;
            }

            foreach (var edge in _edges[state].Where(edge => before.TryAdd(edge.To, (state, edge.Low))))
            {
                open.Enqueue(edge.To);
            }
        }

        throw new InvalidOperationException("an automaton that accepts nothing has no shortest text");
    }

    /// <summary>A way longer than there are states goes round in a loop.</summary>
    private bool Collect(int state, string text, List<string> texts, int max)
    {
        if (_accepting[state])
        {
            texts.Add(text);
        }

        return texts.Count <= max && text.Length <= 2 * Math.Min(Count, TextLengthMax) && _edges[state].All(edge =>
            edge.High - edge.Low < max
            && Enumerable.Range(edge.Low, edge.High - edge.Low + 1).All(character => Collect(edge.To, text + char.ConvertFromUtf32(character), texts, max)));
    }
}
