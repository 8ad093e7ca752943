namespace Llama4.Structured.Lexemes;

/// <summary>
/// A canonical string of at least <paramref name="min"/> and at most <paramref name="max"/> code points, whatever they are.
/// A state is the number of characters begun and where in a character it stands, so that no bound on a length costs any memory.
/// </summary>
/// <param name="quote">What it stands in.</param>
/// <param name="max">At most <see cref="LengthMax"/>; null for no bound.</param>
internal sealed class StringLexeme(int min, int? max, byte quote = (byte)'"') : Lexeme
{
    /// <summary>The greatest bound: a state must fit 31 bits.</summary>
    public const int LengthMax = 100_000_000;

    private const int Places = 16;
    private const int Opening = 14;
    private const int Closed = 15;

    private readonly int _last = max ?? min;

    /// <summary>The position inside a character.</summary>
    private enum Place
    {
        Between,
        OneMore,
        TwoMore,
        ThreeMore,
        AfterE0,
        AfterED,
        AfterF0,
        AfterF4,
        Escape,
        EscapeU,
        EscapeU0,
        EscapeU00,
        EscapeLow,
        EscapeDelete,
    }

    public override int Start => Opening;

    /// <summary>How many characters were begun, up to the greatest bound.</summary>
    public int Count(int state) => Math.Min(state / Places, _last);

    public override bool IsFreeString(int state, out int need, out int room)
    {
        need = Math.Max(0, min - (state / Places));
        room = max is { } most ? most - (state / Places) : int.MaxValue;
        return state % Places == (int)Place.Between && quote == '"';
    }

    public override int Step(int state, byte value)
    {
        if (state == Closed)
        {
            return Dead;
        }

        var (count, place) = (state / Places, state % Places);
        if (place == Opening)
        {
            return value == quote ? 0 : Dead;
        }

        if (place != (int)Place.Between)
        {
            var inner = Within((Place)place, value);
            return inner < 0 ? Dead : (count * Places) + inner;
        }

        if (value == quote)
        {
            return count >= min ? Closed : Dead;
        }

        var first = First(value);
        return first < 0 || count == max ? Dead : (Math.Min(count + 1, _last) * Places) + first;
    }

    public override bool Accepts(int state) => state == Closed;

    public override bool Continues(int state) => state != Closed;

    private static int First(byte value) => (int)(value switch
    {
        (byte)'\\' => Place.Escape,
        < 0x20 or 0x7F => (Place)Dead,
        < 0x80 => Place.Between,
        < 0xC2 => (Place)Dead,
        < 0xE0 => Place.OneMore,
        0xE0 => Place.AfterE0,
        0xED => Place.AfterED,
        < 0xF0 => Place.TwoMore,
        0xF0 => Place.AfterF0,
        < 0xF4 => Place.ThreeMore,
        0xF4 => Place.AfterF4,
        _ => (Place)Dead,
    });

    private int Within(Place place, byte value)
    {
        var continuation = value is >= 0x80 and < 0xC0;
        return (int)(place switch
        {
            Place.OneMore when continuation => Place.Between,
            Place.TwoMore when continuation => Place.OneMore,
            Place.ThreeMore when continuation => Place.TwoMore,
            Place.AfterE0 when continuation && value >= 0xA0 => Place.OneMore,
            Place.AfterED when continuation && value < 0xA0 => Place.OneMore,
            Place.AfterF0 when continuation && value >= 0x90 => Place.TwoMore,
            Place.AfterF4 when continuation && value < 0x90 => Place.TwoMore,
            Place.Escape when value == 'u' => Place.EscapeU,
            Place.Escape when JsonEscapes.ShortOf(value, quote) >= 0 => Place.Between,
            Place.EscapeU when value == '0' => Place.EscapeU0,
            Place.EscapeU0 when value == '0' => Place.EscapeU00,
            Place.EscapeU00 when value is (byte)'0' or (byte)'1' => Place.EscapeLow,
            Place.EscapeU00 when value == '7' => Place.EscapeDelete,
            Place.EscapeLow when JsonEscapes.HexValue(value) >= 0 => Place.Between,
            Place.EscapeDelete when JsonEscapes.HexValue(value) == 15 => Place.Between,
            _ => (Place)Dead,
        });
    }
}
