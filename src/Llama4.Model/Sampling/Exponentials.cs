using System.Numerics;

namespace Llama4.Model;

/// <summary>
/// exp over arrays of doubles, with multiplications and additions only: the same bits for every vector width, which
/// neither a library's exp nor contracted multiply-adds promise. Within 2 ulp for arguments above -708.
/// </summary>
internal static class Exponentials
{
    /// <summary>Arrays are padded to a multiple of this, the widest vector's doubles.</summary>
    public const int Lanes = 8;

    /// <summary>Below it the result is taken as 0: 2^-1022 of the greatest weight is never drawn.</summary>
    private const double Least = -708;

    // ln 2 in two parts; products of the first with whole numbers below 2^20 are exact (fdlibm e_exp.c).
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>1.5·2^52: adding it rounds to a whole number, which then stands in the lowest bits.</summary>
    private const double Rounder = 6755399441055744;

    /// <summary>1/k!: past k = 13 a term is below 1e-17 for |r| up to ln 2 / 2.</summary>
    private static readonly double[] InverseFactorials =
    [
        1, 1, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0, 1 / 3628800.0,
        1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0,
    ];

    /// <summary>y[i] = exp((x[i] - greatest) / temperature); 1 where x[i] is the greatest (infinity too), 0 where it is NaN.</summary>
    /// <param name="x">A multiple of <see cref="Lanes"/>, none above <paramref name="greatest"/>.</param>
    public static void Fill(ReadOnlySpan<double> x, double greatest, double temperature, Span<double> y)
    {
        var top = new Vector<double>(greatest);
        var divisor = new Vector<double>(temperature);
        for (var i = 0; i < x.Length; i += Vector<double>.Count)
        {
            var value = new Vector<double>(x[i..]);
            var argument = Vector.ConditionalSelect(Vector.Equals(value, top), Vector<double>.Zero, (value - top) / divisor);
            Exp(argument).CopyTo(y[i..]);
        }
    }

    /// <summary>exp of one number below 709.</summary>
    public static double Of(double x) => Exp(new Vector<double>(x))[0];

    private static Vector<double> Exp(Vector<double> x)
    {
        // x = n·ln 2 + r, |r| up to ln 2 / 2.
        var shifted = x * new Vector<double>(1 / 0.6931471805599453) + new Vector<double>(Rounder);
        var n = shifted - new Vector<double>(Rounder);
        var r = x - n * new Vector<double>(Ln2High) - n * new Vector<double>(Ln2Low);
        var sum = new Vector<double>(InverseFactorials[^1]);
        for (var k = InverseFactorials.Length - 2; k >= 0; k--)
            sum = sum * r + new Vector<double>(InverseFactorials[k]);
        var power = Vector.AsVectorDouble(Vector.ShiftLeft(Vector.AsVectorInt64(shifted), 52) + Vector.AsVectorInt64(Vector<double>.One));
        return Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<double>(Least)), sum * power, Vector<double>.Zero);
    }
}
