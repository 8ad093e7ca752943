namespace Llama4.Model;

/// <summary>The natural logarithm with the four operations only: the same bits everywhere, which a library's does not promise.</summary>
internal static class Logarithm
{
    private const double Ln2 = 0.6931471805599453;
    private const long Mantissa = 0x000F_FFFF_FFFF_FFFF;
    private const long One = 0x3FF0_0000_0000_0000;

    /// <summary>Within 4 ulp, or 1e-16 near 1.</summary>
    /// <param name="value">Above 0, not subnormal, finite.</param>
    public static double Of(double value)
    {
        // value = m·2^n, m from sqrt(1/2) to sqrt(2); ln m = 2 artanh s, s = (m - 1) / (m + 1), |s| below 0.172.
        var bits = BitConverter.DoubleToInt64Bits(value);
        var n = (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & Mantissa) | One);
        if (m > 1.4142135623730951)
            (m, n) = (m / 2, n + 1);
        var s = (m - 1) / (m + 1);
        var square = s * s;
        // s^2 is below 0.0295: terms from s^25 on are below 1e-19 of the first.
        var sum = 0.0;
        for (var k = 23; k >= 1; k -= 2)
            sum = sum * square + 1.0 / k;
        return n * Ln2 + 2 * s * sum;
    }
}
