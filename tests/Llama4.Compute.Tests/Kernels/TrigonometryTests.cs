namespace Llama4.Compute.Tests.Kernels;

/// <summary>
/// Against double's own functions, which are within one ulp of double: far below the fp32 ulps stated. Close to a zero
/// of sine or cosine the reduction decides, so multiples of pi/2 are tested up to ten million.
/// </summary>
public class TrigonometryTests
{
    [Fact]
    public void CosSin_UpToTenMillion_AreWithinTheStatedUlp()
    {
        double worst = 0;
        var random = new Random(1);
        foreach (double scale in new[] { 1e-6, 1e-3, 1, 100, 1e4, 1e6, 1e7 })
        {
            for (int i = 0; i < 60_000; i++)
            {
                worst = Math.Max(worst, WorstOf((float)((random.NextDouble() * 2 - 1) * scale)));
            }
        }

        worst.ShouldBeLessThan(0.5001);
    }

    [Fact]
    public void CosSin_NextToMultiplesOfHalfPi_AreWithinTheStatedUlp()
    {
        double worst = 0;
        for (int n = 1; n < 6_366_197; n += n < 1000 ? 1 : 97)
        {
            var x = (float)(n * (Math.PI / 2));
            worst = Math.Max(worst, Math.Max(WorstOf(x), Math.Max(WorstOf(MathF.BitIncrement(x)), WorstOf(MathF.BitDecrement(x)))));
        }

        worst.ShouldBeLessThan(0.5001);
    }

    [Fact]
    public void CosSin_OfZero_AreExact()
    {
        Trigonometry.CosSin(0f).ShouldBe((1f, 0f));
        Trigonometry.CosSin(float.NaN).Cos.ShouldBe(float.NaN);
        Trigonometry.CosSin(float.Epsilon).ShouldBe((1f, float.Epsilon));
    }

    [Fact]
    public void Ln_OfPositiveNumbers_IsWithinTheStatedError()
    {
        foreach (double x in Enumerable.Range(1, 100_000).Select(i => (double)i).Concat([1e-300, 0.5, 1.4142135623730951, 1e300, double.MaxValue]))
        {
            double exact = Math.Log(x);
            Math.Abs(Trigonometry.Ln(x) - exact).ShouldBeLessThanOrEqualTo(1e-15 * Math.Abs(exact), $"ln {x:R}");
        }
    }

    private static double WorstOf(float x)
    {
        (float cos, float sin) = Trigonometry.CosSin(x);
        return Math.Max(Ulps.Between(cos, Math.Cos(x)), Ulps.Between(sin, Math.Sin(x)));
    }
}
