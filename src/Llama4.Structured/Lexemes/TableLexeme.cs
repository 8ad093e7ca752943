using Llama4.Structured.Regexes;

namespace Llama4.Structured.Lexemes;

/// <summary>An automaton written out as a table over the few bytes that numbers are made of.</summary>
internal sealed class TableLexeme : Lexeme
{
    private const int Width = 16;

    private static readonly byte[] Columns = BuildColumns();

    private readonly int[] _next;
    private readonly bool[] _accepting;
    private readonly bool[] _continues;

    private TableLexeme(int[] next, bool[] accepting)
    {
        (_next, _accepting) = (next, accepting);
        _continues = [.. Enumerable.Range(0, accepting.Length).Select(state => next.AsSpan(state * Width, Width).ContainsAnyExcept(Dead))];
    }

    /// <summary>The bytes a number can have.</summary>
    public static ReadOnlySpan<byte> Alphabet => "0123456789-+.eE"u8;

    /// <summary>Builds what can be reached and leads to acceptance; null if nothing is accepted.</summary>
    /// <param name="step">The next state, null for none.</param>
    public static TableLexeme? Build<TState>(TState start, Func<TState, byte, TState?> step, Func<TState, bool> accepts, CompileBudget budget, string keyword)
        where TState : struct
    {
        var numbers = new Dictionary<TState, int> { [start] = 0 };
        var states = new List<TState> { start };
        var next = new List<int>();
        for (var i = 0; i < states.Count; i++)
        {
            budget.Spend(Width, keyword);
            for (var column = 0; column < Width; column++)
            {
                if (column >= Alphabet.Length || step(states[i], Alphabet[column]) is not { } to)
                {
                    next.Add(Dead);
                    continue;
                }

                if (!numbers.TryGetValue(to, out var number))
                {
                    CompileBudget.CheckStates(states.Count + 1, keyword);
                    number = states.Count;
                    numbers.Add(to, number);
                    states.Add(to);
                }

                next.Add(number);
            }
        }

        var accepting = states.Select(accepts).ToArray();
        int[] table = [.. next];
        var alive = Liveness.Of(states.Count, state => new ArraySegment<int>(table, state * Width, Width).Where(to => to >= 0), accepting);
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = table[i] >= 0 && alive[table[i]] ? table[i] : Dead;
        }

        return alive[0] ? new(table, accepting) : null;
    }

    public override int Step(int state, byte value) => _next[(state * Width) + Columns[value]];

    public override bool Accepts(int state) => _accepting[state];

    public override bool Continues(int state) => _continues[state];

    private static byte[] BuildColumns()
    {
        var columns = new byte[256];
        Array.Fill(columns, (byte)(Width - 1));
        for (var i = 0; i < Alphabet.Length; i++)
        {
            columns[Alphabet[i]] = (byte)i;
        }

        return columns;
    }
}
