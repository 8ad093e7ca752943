namespace Llama4.Structured.Regexes;

/// <summary>
/// The texts of an automaton of at most <paramref name="max"/> characters. A state is one of the automaton's and the
/// characters so far, made when first needed: written out there would be a state for each of both. Not safe for several threads.
/// </summary>
internal sealed class LimitedCharacters(CharacterAutomaton characters, int max) : ICharacters
{
    private readonly int[] _distances = characters.Distances();
    private readonly Dictionary<(int State, int Count), int> _numbers = new() { [(0, 0)] = 0 };
    private readonly List<(int State, int Count, CharacterEdge[]? Edges)> _states = [(0, 0, null)];

    /// <summary>Whether no text is short enough.</summary>
    public bool IsEmpty => characters.IsEmpty || _distances[0] > max;

    public CharacterEdge[] Edges(int number)
    {
        var (state, count, edges) = _states[number];
        if (edges is null)
        {
            edges = [.. characters.Edges(state)
                .Where(edge => count + 1 + _distances[edge.To] <= max)
                .Select(edge => edge with { To = Number(edge.To, count + 1) })];
            _states[number] = (state, count, edges);
        }

        return edges;
    }

    public int Step(int number, int codePoint)
    {
        var (state, count, _) = _states[number];
        var next = characters.Step(state, codePoint);
        return next >= 0 && count + 1 + _distances[next] <= max ? Number(next, count + 1) : -1;
    }

    public bool Accepts(int number) => characters.Accepts(_states[number].State);

    public bool AcceptsAnything(int number, out int room)
    {
        room = max - _states[number].Count;
        return characters.AcceptsAnything(_states[number].State, out _);
    }

    private int Number(int state, int count)
    {
        if (!_numbers.TryGetValue((state, count), out var number))
        {
            number = _states.Count;
            _numbers.Add((state, count), number);
            _states.Add((state, count, null));
        }

        return number;
    }
}
