using Llama4.Structured.Grammars;

namespace Llama4.Structured.Automata;

/// <summary>
/// A grammar as a deterministic automaton over bytes that is built while it is used: a state is the set of all readings
/// of the text so far, its row tells where each byte leads. The stack of a nested text is part of the readings, so there
/// are endlessly many states; past a bound all are forgotten and those still needed are made again.
/// Not safe for several threads.
/// </summary>
internal sealed class ByteAutomaton
{
    /// <summary>No text goes on so.</summary>
    public const int Dead = -1;

    private const int Unknown = -2;

    /// <summary>Each takes about 1.2 KB: 20 MB in all.</summary>
    private const int StatesMax = 16_384;

    private const int FramesMax = 200_000;

    /// <summary>Readings of all states, 24 bytes each.</summary>
    private const int ReadingsMax = 1_000_000;

    /// <summary>Readings that one mask may move on by a byte: a second or two. Only grammars that can be read in ever more ways come near.</summary>
    private const long WorkMax = 10_000_000;

    private readonly Grammar _root;
    private readonly Closure _closure = new();
    private readonly Dictionary<StateKey, int> _numbers = [];
    private readonly List<StateKey> _states = [];
    private int[] _rows = new int[32 << 8];
    private long _work;
    private long _readings;

    public ByteAutomaton(Grammar root) => _root = root;

    /// <summary>How often states were forgotten. A number of a state belongs to one generation.</summary>
    public int Generation { get; private set; }

    /// <summary>Bytes held, about.</summary>
    public long Bytes => (sizeof(int) * (long)_rows.Length) + (200L * _states.Count) + (24 * _readings) + (64L * _closure.FrameCount);

    /// <summary>Where each byte leads from each state, 256 entries a state: a state, <see cref="Dead"/>, or less where <see cref="Step"/> must say it.</summary>
    public int[] Rows => _rows;

    /// <summary>The state before any byte.</summary>
    public StateKey Start()
    {
        _closure.Clear();
        _root.Enter(null, _closure);
        _closure.Finish();
        return new(_closure.ToArray(), _closure.Complete);
    }

    /// <summary>What a state stands for.</summary>
    public StateKey KeyOf(int state) => _states[state];

    /// <summary>The lexeme of a reading.</summary>
    public Lexemes.Lexeme LexemeOf(Reading reading) => _closure.LexemeOf(reading.Lexeme);

    /// <summary>Whether there are so many states that they should be forgotten.</summary>
    public bool IsCrowded => _states.Count > StatesMax || _closure.FrameCount > FramesMax || _readings > ReadingsMax;

    /// <summary>Allows the work of one mask, or of following some bytes.</summary>
    public void Begin(int bytes = 0)
    {
        _work = WorkMax + (1_000L * bytes);
        if (IsCrowded)
        {
            Forget([]);
        }
    }

    /// <summary>Forgets all states but these, which get new numbers; all other numbers become invalid.</summary>
    public void Forget(Span<int> kept)
    {
        var keys = new StateKey[kept.Length];
        for (var i = 0; i < kept.Length; i++)
        {
            keys[i] = _states[kept[i]];
        }

        Generation++;
        _numbers.Clear();
        _states.Clear();
        _readings = 0;
        _closure.ForgetFrames();
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = Number(keys[i]);
        }
    }

    /// <summary>The number of a state in this generation.</summary>
    public int Number(StateKey key)
    {
        if (_numbers.TryGetValue(key, out var number))
        {
            return number;
        }

        number = _states.Count;
        _states.Add(key);
        _readings += key.Readings.Length;
        _numbers.Add(key, number);
        if (_rows.Length < (number + 1) << 8)
        {
            Array.Resize(ref _rows, 2 * _rows.Length);
        }

        _rows.AsSpan(number << 8, 256).Fill(Unknown);
        return number;
    }

    /// <summary>The state after one more byte, or <see cref="Dead"/>.</summary>
    public int Step(int state, byte value)
    {
        var next = _rows[(state << 8) | value];
        return next != Unknown ? next : Explore(state, value);
    }

    /// <summary>The state after the lexeme inside <paramref name="frame"/> has ended.</summary>
    public int After(Frame? frame)
    {
        if (frame is null)
        {
            return Number(new([], true));
        }

        _closure.Clear();
        _closure.End(0, frame);
        _closure.Finish();
        return Number(new(_closure.ToArray(), _closure.Complete));
    }

    private int Explore(int state, byte value)
    {
        _work -= 1 + _states[state].Readings.Length;
        if (_work < 0)
        {
            throw new ConstraintException("constraint", "the text so far goes on in too many ways for its tokens to be told");
        }

        _closure.Clear();
        foreach (var reading in _states[state].Readings)
        {
            _closure.Step(reading, value);
        }

        _closure.Finish();

        var next = _closure.IsEmpty ? Dead : Number(new(_closure.ToArray(), _closure.Complete));
        _rows[(state << 8) | value] = next;
        return next;
    }
}

/// <summary>All readings of a text, sorted, and whether it may end here.</summary>
internal readonly record struct StateKey(Reading[] Readings, bool Complete)
{
    public bool Equals(StateKey other) => Complete == other.Complete && Readings.AsSpan().SequenceEqual(other.Readings);

    public override int GetHashCode()
    {
        var hash = Complete ? 17 : 3;
        foreach (var reading in Readings)
        {
            hash = HashCode.Combine(hash, reading.Lexeme, reading.State, reading.Frame?.Id ?? -1);
        }

        return hash;
    }
}
