using System.Numerics;
using Llama4.Structured.Schemas;

namespace Llama4.Structured.Lexemes;

/// <summary>
/// Numbers within bounds, as an automaton that reads digits from the left. It remembers how the digits so far compare
/// with those of each bound, how many there are, and their remainder for <c>multipleOf</c>; nothing is ever rounded.
/// </summary>
internal sealed class NumberLexeme
{
    /// <summary>A greater divisor would need more states than <see cref="CompileBudget.StatesMax"/>.</summary>
    private const int DivisorMax = CompileBudget.StatesMax;

    private readonly bool _integer;
    private readonly bool _fractional;
    private readonly Interval? _positive;
    private readonly Interval? _negative;
    private readonly int _digitsCap;
    private readonly int _fractionCap;
    private readonly bool _hasDivisor;
    private readonly int _divisor = 1;
    private readonly int _divisorScale;

    private NumberLexeme(NumberRange range)
    {
        _integer = range.Integer;
        _fractional = range.Fractional;
        var zero = new ExactDecimal(0, 0);
        _positive = range.High is { } high && high.CompareTo(zero) < 0 ? null
            : new(
                range.Low is { } low && low.CompareTo(zero) >= 0 ? new(low, range.LowOpen) : new Bound(zero, false),
                range.High is { } most ? new(most, range.HighOpen) : null);
        _negative = range.Low is { } least && least.CompareTo(zero) >= 0 ? null
            : new(
                range.High is { } top && top.CompareTo(zero) < 0 ? new(-top, range.HighOpen) : new Bound(zero, true),
                range.Low is { } bottom ? new(-bottom, range.LowOpen) : null);
        Bound?[] bounds = [_positive?.Low, _positive?.High, _negative?.Low, _negative?.High];
        _digitsCap = bounds.Max(bound => bound?.Integer.Length ?? 0) + 1;
        if (range.MultipleOf is { } divisor)
        {
            _hasDivisor = true;
            var mantissa = divisor.Mantissa;
            _divisorScale = divisor.Scale;
            if (_integer)
            {
                mantissa /= BigInteger.GreatestCommonDivisor(mantissa, BigInteger.Pow(10, _divisorScale));
                _divisorScale = 0;
            }

            _divisor = mantissa <= DivisorMax
                ? (int)mantissa
                : throw new ConstraintException("multipleOf", $"expected at most {DivisorMax} (without the decimal point), found {divisor}");
        }

        _fractionCap = Math.Max(bounds.Max(bound => bound?.Fraction.Length ?? 0), _divisorScale) + 1;
    }

    private enum Phase : byte
    {
        Start,
        Sign,
        Zero,
        Integer,
        Point,
        Fraction,
    }

    /// <summary>The lexeme of a range; null if it holds no number.</summary>
    public static TableLexeme? Of(NumberRange range, CompileBudget budget)
    {
        if (range.IsUnbounded)
        {
            return range.Integer ? Integers : Numbers;
        }

        var number = new NumberLexeme(range);
        var keyword = range.MultipleOf is not null ? "multipleOf" : range.IsUnbounded ? "type" : range.Low is not null ? "minimum" : "maximum";
        return TableLexeme.Build(new State(Phase.Start, false, 0, 0, 0, 0), number.Step, number.Accepts, budget, keyword);
    }

    /// <summary><c>0|-?[1-9][0-9]*</c>.</summary>
    private static readonly TableLexeme Integers = TableLexeme.Build(
        0,
        int? (state, value) => (state, value) switch
        {
            (0, (byte)'-') => 1,
            (0, (byte)'0') => 2,
            (0 or 1, >= (byte)'1' and <= (byte)'9') => 3,
            (3, >= (byte)'0' and <= (byte)'9') => 3,
            _ => null,
        },
        state => state >= 2,
        new CompileBudget(),
        "type")!;

    /// <summary>Any number of RFC 8259.</summary>
    private static readonly TableLexeme Numbers = TableLexeme.Build(
        0,
        int? (state, value) => (state, value) switch
        {
            (0, (byte)'-') => 1,
            (0 or 1, (byte)'0') => 2,
            (0 or 1, >= (byte)'1' and <= (byte)'9') => 3,
            (3, >= (byte)'0' and <= (byte)'9') => 3,
            (2 or 3, (byte)'.') => 4,
            (4 or 5, >= (byte)'0' and <= (byte)'9') => 5,
            (2 or 3 or 5, (byte)'e' or (byte)'E') => 6,
            (6, (byte)'-' or (byte)'+') => 7,
            (6 or 7 or 8, >= (byte)'0' and <= (byte)'9') => 8,
            _ => null,
        },
        state => state is 2 or 3 or 5 or 8,
        new CompileBudget(),
        "type")!;

    private State? Step(State state, byte value)
    {
        switch (state.Phase, value)
        {
            case (Phase.Start, (byte)'-'):
                return _negative is null ? null : state with { Phase = Phase.Sign, Negative = true };
            case (Phase.Zero or Phase.Integer, (byte)'.'):
                return _integer ? null : EndInteger(state) with { Phase = Phase.Point };
            case (Phase.Start or Phase.Sign, (byte)'0'):
                return IntegerDigit(state with { Phase = Phase.Zero }, 0);
            case (Phase.Start or Phase.Sign or Phase.Integer, >= (byte)'0' and <= (byte)'9'):
                return IntegerDigit(state with { Phase = Phase.Integer }, value - '0');
            case (Phase.Point or Phase.Fraction, >= (byte)'0' and <= (byte)'9'):
                return FractionDigit(state with { Phase = Phase.Fraction }, value - '0');
            default:
                return null;
        }
    }

    private State? IntegerDigit(State state, int digit)
    {
        if ((state.Negative ? _negative : _positive) is not { } interval)
        {
            return null;
        }

        return state with
        {
            Digits = Math.Min(state.Digits + 1, _digitsCap),
            Low = Compare(state.Low, interval.Low, state.Digits, digit),
            High = Compare(state.High, interval.High, state.Digits, digit),
            Remainder = ((10 * state.Remainder) + digit) % _divisor,
        };

        // How the first digits compare with as many of the bound's; digits beyond its last make the number greater.
        static sbyte Compare(sbyte sofar, Bound? bound, int read, int digit) =>
            bound is null ? (sbyte)0
            : read >= bound.Integer.Length ? (sbyte)1
            : sofar != 0 ? sofar
            : (sbyte)digit.CompareTo(bound.Integer[read] - '0');
    }

    /// <summary>All digits before the point are known: the number's length counts before its digits do.</summary>
    private State EndInteger(State state)
    {
        var interval = (state.Negative ? _negative : _positive)!.Value;
        return state with
        {
            Digits = 0,
            Low = Settle(state.Low, interval.Low, state.Digits),
            High = Settle(state.High, interval.High, state.Digits),
        };

        static sbyte Settle(sbyte prefix, Bound? bound, int digits) =>
            bound is null ? (sbyte)0 : digits < bound.Integer.Length ? (sbyte)-1 : prefix;
    }

    private State? FractionDigit(State state, int digit)
    {
        var interval = (state.Negative ? _negative : _positive)!.Value;
        var read = state.Digits;
        if (_hasDivisor && read >= _divisorScale && digit != 0)
        {
            return null; // a multiple has no more decimals than what it is a multiple of
        }

        return state with
        {
            Digits = Math.Min(read + 1, _fractionCap),
            Low = Compare(state.Low, interval.Low, read, digit),
            High = Compare(state.High, interval.High, read, digit),
            Remainder = read < _divisorScale ? ((10 * state.Remainder) + digit) % _divisor : state.Remainder,
            HasFraction = state.HasFraction || (_fractional && digit != 0),
        };

        static sbyte Compare(sbyte sofar, Bound? bound, int read, int digit) =>
            bound is null || sofar != 0 ? sofar : (sbyte)digit.CompareTo(read < bound.Fraction.Length ? bound.Fraction[read] - '0' : 0);
    }

    private bool Accepts(State state)
    {
        if (state.Phase is Phase.Start or Phase.Sign or Phase.Point || state.HasFraction != _fractional)
        {
            return false;
        }

        var interval = (state.Negative ? _negative : _positive)!.Value;
        var whole = state.Phase != Phase.Fraction;
        var ended = whole ? EndInteger(state) : state;
        var decimals = whole ? 0 : state.Digits;
        if (!Above(Order(ended.Low, interval.Low), interval.Low) || !Below(Order(ended.High, interval.High), interval.High))
        {
            return false;
        }

        var remainder = (BigInteger)state.Remainder;
        return (remainder * BigInteger.Pow(10, Math.Max(0, _divisorScale - decimals)) % _divisor).IsZero;

        // Digits of the bound that the number does not have are zeros of the number.
        int Order(sbyte sofar, Bound? bound) =>
            sofar != 0 || bound is null || bound.Fraction.Length <= decimals || bound.Fraction.AsSpan(decimals).TrimStart('0').IsEmpty ? sofar : -1;

        static bool Above(int order, Bound? bound) => bound is null || order > 0 || (order == 0 && !bound.Open);

        static bool Below(int order, Bound? bound) => bound is null || order < 0 || (order == 0 && !bound.Open);
    }

    /// <summary>A bound of magnitudes, as digits.</summary>
    private sealed record Bound
    {
        public Bound(ExactDecimal magnitude, bool open) =>
            (Integer, Fraction, Open) = (magnitude.IntegerDigits, magnitude.FractionDigits, open);

        public string Integer { get; }

        public string Fraction { get; }

        public bool Open { get; }
    }

    private readonly record struct Interval(Bound Low, Bound? High);

    /// <param name="Digits">Read before the point, then behind it; capped where more of them change nothing.</param>
    /// <param name="HasFraction">Whether a decimal is not zero, where that matters.</param>
    /// <param name="Low">Below (-1), at (0) or above (1) the bound's digits so far.</param>
    private readonly record struct State(Phase Phase, bool Negative, int Digits, sbyte Low, sbyte High, int Remainder, bool HasFraction = false);
}
