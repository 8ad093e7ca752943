using System.Numerics;

namespace Llama4.Structured.Schemas;

/// <summary>Which numbers are allowed: bounds, and what they must be a multiple of. All exact.</summary>
internal sealed record NumberRange
{
    public bool Integer { get; init; }

    /// <summary>Whether integers are not allowed.</summary>
    public bool Fractional { get; init; }

    public ExactDecimal? Low { get; init; }

    public bool LowOpen { get; init; }

    public ExactDecimal? High { get; init; }

    public bool HighOpen { get; init; }

    /// <summary>Greater than 0.</summary>
    public ExactDecimal? MultipleOf { get; init; }

    /// <summary>Whether any number (or integer) is allowed.</summary>
    public bool IsUnbounded => Low is null && High is null && MultipleOf is null && !Fractional;

    public NumberRange AtLeast(ExactDecimal bound, bool open) =>
        Low is { } low && low.CompareTo(bound) is var order && (order > 0 || (order == 0 && (LowOpen || !open)))
            ? this
            : this with { Low = bound, LowOpen = open };

    public NumberRange AtMost(ExactDecimal bound, bool open) =>
        High is { } high && high.CompareTo(bound) is var order && (order < 0 || (order == 0 && (HighOpen || !open)))
            ? this
            : this with { High = bound, HighOpen = open };

    /// <summary>Both bounds and multiples of two ranges.</summary>
    public NumberRange And(NumberRange other)
    {
        var range = other.Low is { } low ? AtLeast(low, other.LowOpen) : this;
        range = other.High is { } high ? range.AtMost(high, other.HighOpen) : range;
        return other.MultipleOf is { } divisor ? range.And(divisor) : range;
    }

    public NumberRange And(ExactDecimal divisor)
    {
        if (MultipleOf is not { } own)
        {
            return this with { MultipleOf = divisor };
        }

        var scale = Math.Max(own.Scale, divisor.Scale);
        var (a, b) = (own.AtScale(scale), divisor.AtScale(scale));
        return this with { MultipleOf = ExactDecimal.Of(a / BigInteger.GreatestCommonDivisor(a, b) * b, scale) };
    }

    public bool Contains(ExactDecimal value) =>
        (!Integer || value.IsInteger) && (!Fractional || !value.IsInteger)
        && (Low is not { } low || low.CompareTo(value) is var under && (under < 0 || (under == 0 && !LowOpen)))
        && (High is not { } high || high.CompareTo(value) is var over && (over > 0 || (over == 0 && !HighOpen)))
        && (MultipleOf is not { } divisor || IsMultiple(value, divisor));

    private static bool IsMultiple(ExactDecimal value, ExactDecimal divisor)
    {
        var scale = Math.Max(value.Scale, divisor.Scale);
        return (value.AtScale(scale) % divisor.AtScale(scale)).IsZero;
    }
}
