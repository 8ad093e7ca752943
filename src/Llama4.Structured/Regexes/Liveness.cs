namespace Llama4.Structured.Regexes;

/// <summary>Which states of a graph lead to acceptance.</summary>
internal static class Liveness
{
    /// <summary>For every state whether some way from it ends in an accepting one; its own acceptance counts.</summary>
    public static bool[] Of(int count, Func<int, IEnumerable<int>> next, IReadOnlyList<bool> accepting)
    {
        // Edges backwards as linked lists in two arrays: the graphs are small but many.
        var first = new int[count];
        Array.Fill(first, -1);
        var from = new List<int>();
        var link = new List<int>();
        for (var state = 0; state < count; state++)
        {
            foreach (var to in next(state))
            {
                from.Add(state);
                link.Add(first[to]);
                first[to] = from.Count - 1;
            }
        }

        var alive = new bool[count];
        var open = new Stack<int>();
        for (var state = 0; state < count; state++)
        {
            if (accepting[state])
            {
                alive[state] = true;
                open.Push(state);
            }
        }

        while (open.TryPop(out var state))
        {
            for (var edge = first[state]; edge >= 0; edge = link[edge])
            {
                if (!alive[from[edge]])
                {
                    alive[from[edge]] = true;
                    open.Push(from[edge]);
                }
            }
        }

        return alive;
    }
}
