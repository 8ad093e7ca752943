namespace Llama4.Compute.Kernels;

/// <summary>
/// sin, cos and ln in double with our own polynomials, so that every machine gives the same bits.
/// Used once per row and frequency, not per layer. Error before the final rounding to fp32: below 1e-15 absolute
/// for |x| ≤ 1e9 (sin, cos) and below 1e-15 relative (ln); after it, within 0.5001 ulp of fp32.
/// </summary>
internal static class Trigonometry
{
    private const double TwoOverPi = 0.63661977236758134308;
    private const double HalfPiHigh = 1.57079632679489655800e+00;
    private const double HalfPiLow = 6.12323399573676603587e-17;
    private const double Shift = 6755399441055744.0; // 1.5·2^52: adding it rounds to an integer

    /// <summary>Reduces by a multiple of pi/2 in two parts (106 bits), then Taylor polynomials to r^15 and r^16 on |r| ≤ pi/4.</summary>
    public static (float Cos, float Sin) CosSin(float x)
    {
        double shifted = Math.FusedMultiplyAdd(x, TwoOverPi, Shift);
        double n = shifted - Shift;
        double r = Math.FusedMultiplyAdd(n, -HalfPiHigh, x);
        r = Math.FusedMultiplyAdd(n, -HalfPiLow, r);
        double z = r * r;

        double s = -1.0 / 1307674368000;
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 6227020800);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 39916800);
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 362880);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 5040);
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 120);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 6);
        double sin = Math.FusedMultiplyAdd(s * z, r, r);

        double c = 1.0 / 20922789888000;
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 87178291200);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 479001600);
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 3628800);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 40320);
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 720);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 24);
        c = Math.FusedMultiplyAdd(c, z, -0.5);
        double cos = Math.FusedMultiplyAdd(c, z, 1.0);

        // Quadrant: the low bits of the shifted sum hold n.
        return (BitConverter.DoubleToInt64Bits(shifted) & 3) switch
        {
            0 => ((float)cos, (float)sin),
            1 => ((float)-sin, (float)cos),
            2 => ((float)-cos, (float)-sin),
            _ => ((float)sin, (float)-cos),
        };
    }

    /// <summary>ln of a positive normal number: x = m·2^e with m in [√½, √2), ln m = 2·atanh((m-1)/(m+1)).</summary>
    public static double Ln(double x)
    {
        const double Ln2 = 0.693147180559945309417;
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFFL) | 0x3FF0000000000000L);
        if (m > 1.41421356237309505)
        {
            m *= 0.5;
            exponent++;
        }

        double t = (m - 1) / (m + 1);
        double z = t * t;
        double p = 1.0 / 21;
        for (int odd = 19; odd >= 3; odd -= 2)
        {
            p = Math.FusedMultiplyAdd(p, z, 1.0 / odd);
        }

        return Math.FusedMultiplyAdd(exponent, Ln2, 2 * Math.FusedMultiplyAdd(p * z, t, t));
    }
}
