using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Automata;

/// <summary>One way to read the text so far: inside a lexeme, inside the pieces around it.</summary>
internal readonly record struct Reading(int Lexeme, int State, Frame? Frame) : IComparable<Reading>
{
    public int CompareTo(Reading other)
    {
        var order = Lexeme.CompareTo(other.Lexeme);
        order = order != 0 ? order : State.CompareTo(other.State);
        return order != 0 ? order : (Frame?.Id ?? -1).CompareTo(other.Frame?.Id ?? -1);
    }
}

/// <summary>Collects all readings of a text, following what needs no byte. Numbers lexemes and makes frames for an automaton.</summary>
internal sealed class Closure
{
    /// <summary>Twice the alternatives that a schema can have in one place.</summary>
    private const int ReadingsMax = 4_000;

    /// <summary>Frames that one byte may lead to.</summary>
    private const int PushesMax = 100_000;

    private readonly Dictionary<Lexeme, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<Lexeme> _lexemes = [];
    private readonly HashSet<Reading> _readings = [];
    private Dictionary<(Grammar Grammar, int Position, Frame? Parent), Frame> _frames = [];
    private readonly Stack<(Frame Frame, int Tag)> _ended = new();
    private readonly HashSet<(Grammar, Frame?)> _entered = [];
    private long _frameCount;
    private long _round;
    private int _pushes;

    /// <summary>Frames held at present.</summary>
    public int FrameCount => _frames.Count;

    /// <summary>Whether the text may end here.</summary>
    public bool Complete { get; private set; }

    public bool IsEmpty => _readings.Count == 0 && !Complete;

    public Lexeme LexemeOf(int number) => _lexemes[number];

    public void Clear()
    {
        _readings.Clear();
        _entered.Clear();
        Complete = false;
        _round++;
        _pushes = 0;
    }

    /// <summary>Forgets the frames; those in use live on in their readings.</summary>
    public void ForgetFrames() => _frames = [];

    public Reading[] ToArray()
    {
        Reading[] readings = [.. _readings];
        Array.Sort(readings);
        return readings;
    }

    public Frame Push(Grammar grammar, int position, Frame? parent)
    {
        if (++_pushes > PushesMax)
        {
            throw TooManyWays();
        }

        if (!_frames.TryGetValue((grammar, position, parent), out var frame))
        {
            frame = new(_frameCount++, grammar, position, parent);
            _frames.Add((grammar, position, parent), frame);
        }

        return frame;
    }

    /// <summary>Whether a piece is entered for the first time in a place: what it begins with is the same every time.</summary>
    public bool EntersFirst(Grammar grammar, Frame? parent) => _entered.Add((grammar, parent));

    /// <summary>Begins a lexeme, and what follows it where it may be empty.</summary>
    public void Start(Lexeme lexeme, Frame? frame)
    {
        if (!_numbers.TryGetValue(lexeme, out var number))
        {
            number = _lexemes.Count;
            _numbers.Add(lexeme, number);
            _lexemes.Add(lexeme);
        }

        Arrive(number, lexeme, lexeme.Start, frame);
    }

    /// <summary>Moves one reading on by a byte.</summary>
    public void Step(Reading reading, byte value)
    {
        var lexeme = _lexemes[reading.Lexeme];
        var next = lexeme.Step(reading.State, value);
        if (next >= 0)
        {
            Arrive(reading.Lexeme, lexeme, next, reading.Frame);
        }
    }

    private static ConstraintException TooManyWays() => new("constraint", $"a text can be read in more than {ReadingsMax} ways at once");

    private void Arrive(int number, Lexeme lexeme, int state, Frame? frame)
    {
        if (lexeme.Continues(state))
        {
            _readings.Add(new(number, state, frame));
            if (_readings.Count > ReadingsMax)
            {
                throw TooManyWays();
            }
        }

        if (!lexeme.Accepts(state))
        {
            return;
        }

        End(lexeme.Tag(state), frame);
    }

    /// <summary>Goes on after a piece that has ended inside <paramref name="frame"/>.</summary>
    public void End(int tag, Frame? frame)
    {
        if (frame is null)
        {
            Complete = true;
        }
        else if (frame.IsFirst(_round, tag))
        {
            _ended.Push((frame, tag));
        }
    }

    /// <summary>Follows what has ended, one piece at a time: however deep a text is nested, the stack of calls is not.</summary>
    public void Finish()
    {
        while (_ended.TryPop(out var ended))
        {
            ended.Frame.Grammar.Resume(ended.Frame.Position, ended.Tag, ended.Frame.Parent, this);
        }
    }
}
