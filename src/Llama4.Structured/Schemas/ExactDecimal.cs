using System.Globalization;
using System.Numerics;

namespace Llama4.Structured.Schemas;

/// <summary>A decimal number without rounding: <paramref name="Mantissa"/> / 10^<paramref name="Scale"/>, the scale as small as it can be and not negative.</summary>
internal readonly record struct ExactDecimal(BigInteger Mantissa, int Scale) : IComparable<ExactDecimal>
{
    /// <summary>Digits that a number of a schema may have, written out.</summary>
    public const int DigitsMax = 1_000;

    /// <summary>Whether there is no fraction.</summary>
    public bool IsInteger => Scale == 0;

    /// <summary>The digits before the point, of the magnitude; "0" if there are none.</summary>
    public string IntegerDigits => BigInteger.Divide(BigInteger.Abs(Mantissa), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture);

    /// <summary>The digits behind the point, of the magnitude, without trailing zeros.</summary>
    public string FractionDigits => Scale == 0
        ? ""
        : BigInteger.Remainder(BigInteger.Abs(Mantissa), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture).PadLeft(Scale, '0');

    /// <summary>Reads a JSON number.</summary>
    /// <exception cref="ConstraintException">It has more than <see cref="DigitsMax"/> digits.</exception>
    public static ExactDecimal Parse(string json, string keyword)
    {
        var mark = json.IndexOfAny(['e', 'E']);
        var digits = mark < 0 ? json : json[..mark];
        var exponent = mark < 0 ? 0 : int.TryParse(json.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var e) ? e : int.MaxValue;
        if (digits.Length > DigitsMax || exponent is < -DigitsMax or > DigitsMax)
        {
            throw new ConstraintException(keyword, $"expected a number of at most {DigitsMax} digits, found {json[..Math.Min(40, json.Length)]}");
        }

        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var scale = point < 0 ? 0 : digits.Length - point - 1;
        return Of(BigInteger.Parse(digits.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), scale - exponent);
    }

    /// <summary>mantissa / 10^scale in its smallest form.</summary>
    public static ExactDecimal Of(BigInteger mantissa, int scale)
    {
        if (scale < 0)
        {
            return new(mantissa * BigInteger.Pow(10, -scale), 0);
        }

        while (scale > 0 && mantissa % 10 == 0)
        {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }

        return new(mantissa, scale);
    }

    /// <summary>The mantissa at a scale that is not smaller than its own.</summary>
    public BigInteger AtScale(int scale) => Mantissa * BigInteger.Pow(10, scale - Scale);

    /// <summary>The greatest integer that is not greater.</summary>
    public BigInteger Floor()
    {
        var quotient = BigInteger.DivRem(Mantissa, BigInteger.Pow(10, Scale), out var remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }

    public int CompareTo(ExactDecimal other)
    {
        var scale = Math.Max(Scale, other.Scale);
        return AtScale(scale).CompareTo(other.AtScale(scale));
    }

    public static ExactDecimal operator -(ExactDecimal value) => new(-value.Mantissa, value.Scale);

    /// <summary>A plain decimal without trailing zeros.</summary>
    public override string ToString() =>
        (Mantissa.Sign < 0 ? "-" : "") + IntegerDigits + (Scale == 0 ? "" : "." + FractionDigits);
}
