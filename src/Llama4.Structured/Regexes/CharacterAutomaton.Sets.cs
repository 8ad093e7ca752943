namespace Llama4.Structured.Regexes;

/// <summary>What both, either or neither of two automata accept.</summary>
internal sealed partial class CharacterAutomaton
{
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
}
