using System.Text;

namespace Llama4.Structured.Regexes;

/// <summary>Code points from <paramref name="Low"/> to <paramref name="High"/> lead to state <paramref name="To"/>.</summary>
internal readonly record struct CharacterEdge(int Low, int High, int To);

/// <summary>
/// A deterministic automaton over code points. Trimmed: from every state some text leads to acceptance, so whoever
/// has not fallen off is still on the way to a whole text. Immutable.
/// </summary>
internal sealed class CharacterAutomaton : ICharacters
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

    /// <summary>The texts that both accept.</summary>
    public CharacterAutomaton And(CharacterAutomaton other, CompileBudget budget, string keyword)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return new([], []);
        }

        return Explore<(int Left, int Right)>(
            (0, 0),
            pair => Accepts(pair.Left) && other.Accepts(pair.Right),
            (pair, emit) =>
            {
                var (left, right) = (_edges[pair.Left], other._edges[pair.Right]);
                for (int i = 0, j = 0; i < left.Length && j < right.Length;)
                {
                    var low = Math.Max(left[i].Low, right[j].Low);
                    var high = Math.Min(left[i].High, right[j].High);
                    if (low <= high)
                    {
                        emit(low, high, (left[i].To, right[j].To));
                    }

                    if (left[i].High < right[j].High)
                    {
                        i++;
                    }
                    else
                    {
                        j++;
                    }
                }
            },
            budget,
            keyword);
    }

    /// <summary>The texts that this does not accept.</summary>
    public CharacterAutomaton Not(CompileBudget budget, string keyword) => Explore<int>(
        IsEmpty ? Dead : 0, state => state == Dead || !Accepts(state), Follow, budget, keyword);

    /// <summary>The texts that either accepts.</summary>
    public CharacterAutomaton Or(CharacterAutomaton other, CompileBudget budget, string keyword) =>
        IsEmpty ? other : other.IsEmpty ? this : Not(budget, keyword).And(other.Not(budget, keyword), budget, keyword).Not(budget, keyword);

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

    /// <summary>All edges of a state, those to <see cref="Dead"/> as well.</summary>
    private void Follow(int state, Action<int, int, int> emit)
    {
        var next = 0;
        foreach (var edge in state == Dead ? [] : _edges[state])
        {
            EmitDead(next, edge.Low - 1, emit);
            emit(edge.Low, edge.High, edge.To);
            next = edge.High + 1;
        }

        EmitDead(next, CodePoints.Max, emit);
    }

    /// <summary>The surrogates between two runs are no characters.</summary>
    private static void EmitDead(int low, int high, Action<int, int, int> emit)
    {
        if (low <= Math.Min(high, 0xD7FF))
        {
            emit(low, Math.Min(high, 0xD7FF), Dead);
        }

        if (Math.Max(low, 0xE000) <= high)
        {
            emit(Math.Max(low, 0xE000), high, Dead);
        }
    }

    /// <summary>The accepted texts of at least <paramref name="min"/> and at most <paramref name="max"/> code points.</summary>
    public CharacterAutomaton OfLength(int min, int? max, CompileBudget budget, string keyword)
    {
        if (IsEmpty || (min == 0 && max is null))
        {
            return this;
        }

        return Explore<(int State, int Length)>(
            (0, 0),
            at => Accepts(at.State) && at.Length >= min,
            (at, emit) =>
            {
                if (at.Length == max)
                {
                    return;
                }

                var length = max is null ? Math.Min(min, at.Length + 1) : at.Length + 1;
                foreach (var edge in _edges[at.State])
                {
                    emit(edge.Low, edge.High, (edge.To, length));
                }
            },
            budget,
            keyword);
    }

    /// <summary>All texts but these.</summary>
    public static CharacterAutomaton AllBut(IEnumerable<string> texts, CompileBudget budget, string keyword)
    {
        var children = new List<SortedDictionary<int, int>> { new() };
        var excluded = new HashSet<int>();
        foreach (var text in texts)
        {
            var node = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                budget.Spend(10, keyword);
                if (!children[node].TryGetValue(rune.Value, out var child))
                {
                    child = children.Count;
                    children.Add([]);
                    children[node].Add(rune.Value, child);
                }

                node = child;
            }

            excluded.Add(node);
        }

        var other = children.Count;
        var edges = new CharacterEdge[other + 1][];
        var accepting = new bool[other + 1];
        for (var node = 0; node <= other; node++)
        {
            accepting[node] = !excluded.Contains(node);
            var own = node == other ? [] : children[node];
            edges[node] = [.. CodePoints.Of(own.Keys.Select(key => new CodePointRange(key, key))).Complement().Ranges
                .Select(range => new CharacterEdge(range.Low, range.High, other))
                .Concat(own.Select(child => new CharacterEdge(child.Key, child.Key, child.Value)))
                .OrderBy(edge => edge.Low)];
        }

        return new(edges, accepting);
    }

    /// <summary>Builds what can be reached from <paramref name="start"/> and leads to acceptance.</summary>
    /// <param name="follow">Tells a state's edges, ascending by code point.</param>
    public static CharacterAutomaton Explore<TState>(
        TState start, Func<TState, bool> accepts, Action<TState, Action<int, int, TState>> follow, CompileBudget budget, string keyword)
        where TState : notnull
    {
        var numbers = new Dictionary<TState, int> { [start] = 0 };
        var states = new List<TState> { start };
        var edges = new List<CharacterEdge[]>();
        var row = new List<CharacterEdge>();
        Action<int, int, TState> emit = (low, high, to) =>
        {
            if (!numbers.TryGetValue(to, out var number))
            {
                CompileBudget.CheckStates(states.Count + 1, keyword);
                number = states.Count;
                numbers.Add(to, number);
                states.Add(to);
            }

            if (row.Count > 0 && row[^1].High + 1 == low && row[^1].To == number)
            {
                row[^1] = row[^1] with { High = high };
            }
            else
            {
                row.Add(new(low, high, number));
            }
        };
        for (var i = 0; i < states.Count; i++)
        {
            row.Clear();
            follow(states[i], emit);
            budget.Spend(10 + row.Count, keyword);
            edges.Add([.. row]);
        }

        return Trim(edges, [.. states.Select(accepts)]);
    }

    /// <summary>Drops the states from which nothing is accepted.</summary>
    private static CharacterAutomaton Trim(List<CharacterEdge[]> edges, bool[] accepting)
    {
        var alive = Liveness.Of(edges.Count, state => edges[state].Select(edge => edge.To), accepting);
        if (!alive[0])
        {
            return new([], []);
        }

        var numbers = new int[edges.Count];
        var count = 0;
        for (var state = 0; state < numbers.Length; state++)
        {
            numbers[state] = alive[state] ? count++ : -1;
        }

        return new(
            [.. Enumerable.Range(0, edges.Count).Where(state => alive[state]).Select(state =>
                edges[state].Where(edge => alive[edge.To]).Select(edge => edge with { To = numbers[edge.To] }).ToArray())],
            [.. accepting.Where((_, state) => alive[state])]);
    }
}
