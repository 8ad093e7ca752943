using Llama4.Structured.Regexes;

namespace Llama4.Structured.Lexemes;

/// <summary>
/// What a <see cref="CharacterAutomaton"/> accepts, as bytes: raw UTF-8, or a canonical string with quotes and
/// escapes. A state says which character state the text is in, or, inside a character, what it can still become.
/// </summary>
/// <param name="characters">Not empty.</param>
/// <param name="quote">What the string stands in; null for raw text.</param>
internal sealed class CharacterLexeme(ICharacters characters, byte? quote) : Lexeme
{
    private readonly bool _quoted = quote is not null;
    private readonly byte _quote = quote ?? 0;
    private readonly Dictionary<Inner, int> _numbers = [];
    private readonly List<Inner> _states = [];

    /// <summary>What a state stands for; the second number belongs to the kind.</summary>
    private enum Kind
    {
        Opening,
        Between,
        Closed,

        /// <summary>Any bytes that end the character in this many; it then leads to the state.</summary>
        Rest,

        /// <summary>The character is one of 64 to the power of the bytes that are still to come, from <see cref="Inner.Base"/> on.</summary>
        Partial,
        Escape,
        EscapeU,
        EscapeU0,
        EscapeU00,

        /// <summary>One of the sixteen characters from <see cref="Inner.Base"/> on, by its last hexadecimal digit.</summary>
        EscapeDigit,
    }

    public override int Start => Number(_quoted ? new(Kind.Opening, 0) : new(Kind.Between, 0));

    public override int Step(int state, byte value)
    {
        var inner = _states[state];
        return inner.Kind switch
        {
            Kind.Opening => value == _quote ? Number(new(Kind.Between, 0)) : Dead,
            Kind.Closed => Dead,
            Kind.Between => First(inner.State, value),
            Kind.Rest => value is < 0x80 or >= 0xC0 ? Dead : Number(inner.More == 1 ? new(Kind.Between, inner.State) : inner with { More = inner.More - 1 }),
            Kind.Partial => value is < 0x80 or >= 0xC0 ? Dead : Multibyte(inner.State, inner.Base + ((value - 0x80) << (6 * (inner.More - 1))), inner.More - 1),
            _ => Escaped(inner, value),
        };
    }

    public override bool Accepts(int state) => _states[state] is var inner
        && (_quoted ? inner.Kind == Kind.Closed : inner.Kind == Kind.Between && characters.Accepts(inner.State));

    public override bool Continues(int state) => _states[state] is var inner && inner.Kind switch
    {
        Kind.Closed => false,
        Kind.Between => _quoted || characters.Edges(inner.State).Length > 0,
        _ => true,
    };

    public override bool IsFreeString(int state, out int need, out int room)
    {
        (need, room) = (0, 0);
        return _quote == '"' && _states[state] is { Kind: Kind.Between } inner && characters.AcceptsAnything(inner.State, out room);
    }

    private int First(int state, byte value)
    {
        if (_quoted && value == _quote)
        {
            return characters.Accepts(state) ? Number(new(Kind.Closed, 0)) : Dead;
        }

        if (_quoted && value == '\\')
        {
            return EscapesAnything(state) ? Number(new(Kind.Escape, state)) : Dead;
        }

        return value switch
        {
            < 0x80 => _quoted && !JsonEscapes.IsRaw(value, _quote) ? Dead : To(state, value),
            < 0xC2 => Dead,
            < 0xE0 => Multibyte(state, (value & 0x1F) << 6, 1),
            < 0xF0 => Multibyte(state, (value & 0x0F) << 12, 2),
            < 0xF5 => Multibyte(state, (value & 0x07) << 18, 3),
            _ => Dead,
        };
    }

    private int To(int state, int character)
    {
        var next = characters.Step(state, character);
        return next < 0 ? Dead : Number(new(Kind.Between, next));
    }

    /// <summary>Inside a character whose <paramref name="more"/> last bytes are open, or at its end.</summary>
    private int Multibyte(int state, int character, int more)
    {
        if (more == 0)
        {
            return To(state, character);
        }

        // The shortest form only: E0 and F0 leave the characters of shorter forms out.
        var low = Math.Max(character, more == 3 ? 0x10000 : more == 2 && character < 0x10000 ? 0x800 : character);
        var high = character + (1 << (6 * more)) - 1;
        foreach (var edge in characters.Edges(state))
        {
            if (edge.Low <= low && high <= edge.High && low == character)
            {
                return Number(new(Kind.Rest, edge.To, More: more));
            }

            if (edge.Low <= high && low <= edge.High)
            {
                return Number(new(Kind.Partial, state, character, more));
            }
        }

        return Dead;
    }

    private int Escaped(Inner at, byte value)
    {
        var state = at.State;
        return at.Kind switch
        {
            Kind.Escape when value == 'u' => EscapesAny(state, 0, 0x1F) || EscapesAny(state, 0x7F, 0x7F) ? Number(new(Kind.EscapeU, state)) : Dead,
            Kind.Escape => JsonEscapes.ShortOf(value, _quote) is >= 0 and var character ? To(state, character) : Dead,
            Kind.EscapeU => value == '0' ? Number(new(Kind.EscapeU0, state)) : Dead,
            Kind.EscapeU0 => value == '0' ? Number(new(Kind.EscapeU00, state)) : Dead,
            Kind.EscapeU00 when value is (byte)'0' or (byte)'1' => EscapeDigit(state, (value - '0') * 16, 15),
            Kind.EscapeU00 when value == '7' => EscapesAny(state, 0x7F, 0x7F) ? Number(new(Kind.EscapeDigit, state, 0x70)) : Dead,
            Kind.EscapeDigit when JsonEscapes.HexValue(value) is >= 0 and var digit && !JsonEscapes.IsRaw(at.Base + digit, _quote) => To(state, at.Base + digit),
            _ => Dead,
        };
    }

    private int EscapeDigit(int state, int first, int span) =>
        EscapesAny(state, first, first + span) ? Number(new(Kind.EscapeDigit, state, first)) : Dead;

    private bool EscapesAnything(int state) =>
        EscapesAny(state, 0, 0x1F) || EscapesAny(state, 0x7F, 0x7F) || EscapesAny(state, _quote, _quote) || EscapesAny(state, '\\', '\\');

    private bool EscapesAny(int state, int low, int high)
    {
        foreach (var edge in characters.Edges(state))
        {
            if (edge.Low <= high && low <= edge.High)
            {
                return true;
            }
        }

        return false;
    }

    private int Number(Inner inner)
    {
        if (!_numbers.TryGetValue(inner, out var number))
        {
            number = _states.Count;
            _numbers.Add(inner, number);
            _states.Add(inner);
        }

        return number;
    }

    private readonly record struct Inner(Kind Kind, int State, int Base = 0, int More = 0);
}
