using Llama4.Structured.Automata;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Grammars;

/// <summary>A JSON object: listed properties in their order, then additional ones in any order.</summary>
internal sealed class ObjectGrammar : Grammar
{
    private readonly Dictionary<(int From, int To), KeyLexeme> _keys = [];
    private readonly TextSet _listed;
    private readonly int[] _firstRequired;
    private readonly int[] _requiredFrom;
    private readonly int[] _countsFrom;

    /// <param name="properties">The listed properties that some value can fill, in order.</param>
    /// <param name="listed">Their keys, with what separates them from values.</param>
    public ObjectGrammar(IReadOnlyList<PropertyGrammar> properties, TextSet listed)
    {
        Properties = properties;
        _listed = listed;
        _firstRequired = new int[properties.Count + 1];
        _requiredFrom = new int[properties.Count + 1];
        _countsFrom = new int[properties.Count + 1];
        _firstRequired[^1] = properties.Count;
        for (var i = properties.Count - 1; i >= 0; i--)
        {
            _firstRequired[i] = properties[i].Required ? i : _firstRequired[i + 1];
            _requiredFrom[i] = _requiredFrom[i + 1] + (properties[i].Required ? 1 : 0);
            _countsFrom[i] = _countsFrom[i + 1] + (properties[i].Counts ? 1 : 0);
        }
    }

    private enum Phase
    {
        Opened,
        Value,
        Comma,
        Key,
        AdditionalKey,
        Colon,
    }

    public IReadOnlyList<PropertyGrammar> Properties { get; }

    /// <summary>Keys that are not listed, by what their value must be; the kinds of keys exclude each other.</summary>
    public IReadOnlyList<(Lexeme Key, Grammar Value)> Additional { get; set; } = [];

    public int Min { get; init; }

    public int? Max { get; init; }

    public required Punctuation Punctuation { get; init; }

    public required TextLexeme Open { get; init; }

    public required TextLexeme End { get; init; }

    /// <summary>What separates a key that is not listed from its value.</summary>
    public required TextLexeme Colon { get; init; }

    private bool Counts => Min > 0 || Max is not null;

    internal override void Enter(Frame? parent, Closure closure) => closure.Start(Open, Push(Phase.Opened, new(0, 0), 0, parent, closure));

    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        var (phase, at, kind) = Unpack(position);
        switch (phase)
        {
            case Phase.Opened:
                Close(at, parent, closure);
                Keys(at, parent, closure);
                break;
            case Phase.Value:
                Close(at, parent, closure);
                if (HasKeys(at))
                {
                    closure.Start(Punctuation.Comma, Push(Phase.Comma, at, 0, parent, closure));
                }

                break;
            case Phase.Comma:
                Keys(at, parent, closure);
                break;
            case Phase.Key:
                Properties[tag].Value.Enter(Push(Phase.Value, new(tag + 1, Properties[tag].Counts ? Next(at.Count) : at.Count), 0, parent, closure), closure);
                break;
            case Phase.AdditionalKey:
                closure.Start(Colon, Push(Phase.Colon, at, kind, parent, closure));
                break;
            case Phase.Colon:
                Additional[kind].Value.Enter(Push(Phase.Value, new(Properties.Count, Next(at.Count)), 0, parent, closure), closure);
                break;
            default:
                throw new InvalidOperationException($"an object has no phase {phase}");
        }
    }

    private int Next(int count) => Counts ? Math.Min(count + 1, Max ?? Min) : 0;

    private void Close(Place at, Frame? parent, Closure closure)
    {
        if (_requiredFrom[at.Index] == 0 && at.Count >= Min)
        {
            closure.Start(End, parent);
        }
    }

    private void Keys(Place at, Frame? parent, Closure closure)
    {
        var (from, to) = Listed(at);
        if (from <= to)
        {
            if (!_keys.TryGetValue((from, to), out var lexeme))
            {
                lexeme = new(_listed, from, to);
                _keys.Add((from, to), lexeme);
            }

            closure.Start(lexeme, Push(Phase.Key, at, 0, parent, closure));
        }

        for (var kind = 0; kind < Additional.Count && MayAdd(at); kind++)
        {
            closure.Start(Additional[kind].Key, Push(Phase.AdditionalKey, at, kind, parent, closure));
        }
    }

    private bool HasKeys(Place at) => Listed(at) is var (from, to) && (from <= to || MayAdd(at));

    private bool MayAdd(Place at) => Additional.Count > 0 && _requiredFrom[at.Index] == 0 && !(at.Count >= Max);

    /// <summary>The listed properties that may come next: none is passed over that is required, and the bounds on their number can still be met.</summary>
    private (int From, int To) Listed(Place at)
    {
        var (from, to) = (at.Index, Math.Min(_firstRequired[at.Index], Properties.Count - 1));
        if (at.Count + 1 + _requiredFrom[at.Index] > Max)
        {
            from = _firstRequired[at.Index];
            if (at.Count + _requiredFrom[at.Index] > Max || from == Properties.Count)
            {
                return (1, 0);
            }
        }

        while (Additional.Count == 0 && to >= from && at.Count + _countsFrom[to] < Min)
        {
            to--;
        }

        return (from, to);
    }

    private Frame Push(Phase phase, Place at, int kind, Frame? parent, Closure closure) =>
        closure.Push(this, ((((at.Count * (Properties.Count + 1)) + at.Index) * (Additional.Count + 1)) + kind) * 8 + (int)phase, parent);

    private (Phase Phase, Place At, int Kind) Unpack(int position)
    {
        var phase = (Phase)(position % 8);
        var (rest, kind) = Math.DivRem(position / 8, Additional.Count + 1);
        var (count, index) = Math.DivRem(rest, Properties.Count + 1);
        return (phase, new(index, count), kind);
    }

    /// <param name="Index">The next listed property.</param>
    /// <param name="Count">The properties so far, as far as bounds ask for it.</param>
    private readonly record struct Place(int Index, int Count);
}

/// <summary>A listed property of an object.</summary>
/// <param name="Counts">Whether it counts towards the bound on their number.</param>
internal sealed record PropertyGrammar(string Name, Grammar Value, bool Required, bool Counts = true);
