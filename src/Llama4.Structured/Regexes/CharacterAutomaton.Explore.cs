namespace Llama4.Structured.Regexes;

/// <summary>How automata are built: state after state, as far as they can be reached.</summary>
internal sealed partial class CharacterAutomaton
{
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
