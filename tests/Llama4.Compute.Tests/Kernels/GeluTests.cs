namespace Llama4.Compute.Tests.Kernels;

/// <summary>The stated errors, against double over the whole range, and that vectors and scalars agree bit for bit.</summary>
public unsafe class GeluTests
{
    [Fact]
    public void Gelu_OverTheNormalRange_IsWithinTheStatedUlp()
    {
        double worst = 0;
        float at = 0;
        foreach (float x in FloatRange.Dense(-13.1f, 20f))
        {
            double ulps = Ulps.Between(Gelu.Scalar(x), Exact(x));
            if (ulps > worst)
            {
                (worst, at) = (ulps, x);
            }
        }

        worst.ShouldBeLessThan(5.5, $"at {at:R}");
    }

    [Fact]
    public void Gelu_OfSubnormalTails_IsWithinAFewSteps()
    {
        foreach (float x in FloatRange.Dense(-16f, -13.1f))
        {
            Math.Abs(Gelu.Scalar(x) - Exact(x)).ShouldBeLessThan(8 * float.Epsilon, $"{x:R}");
        }
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(20f, 20f)]
    [InlineData(3e38f, 3e38f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(-20f, -0f)]
    [InlineData(-3e38f, -0f)]
    [InlineData(float.NegativeInfinity, float.NaN)] // as the reference: infinity times zero
    [InlineData(float.NaN, float.NaN)]
    public void Gelu_OfSpecialValues_IsExact(float x, float expected) => Gelu.Scalar(x).ShouldBe(expected);

    [Fact]
    public void Gelu_OfLanes_IsTheScalarBitForBit()
    {
        foreach (float x in FloatRange.Dense(-17f, 17f).Concat([float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, 1e30f, -1e30f]))
        {
            float expected = Gelu.Scalar(x);
            SameOf<Lanes512>(x, expected);
            SameOf<Lanes256>(x, expected);
            SameOf<Lanes128>(x, expected);
        }
    }

    /// <summary>The series for erf(z) below 1.5 and the continued fraction for erfc(z) above: both to double's precision.</summary>
    private static double Exact(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2);
        double tail;
        if (z < 1.5)
        {
            double term = z, sum = z;
            for (int n = 1; n < 60; n++)
            {
                term *= -z * z / n;
                sum += term / (2 * n + 1);
            }

            tail = 0.5 - sum / Math.Sqrt(Math.PI);
        }
        else
        {
            double fraction = 0;
            for (int n = 160; n > 0; n--)
            {
                fraction = n / 2.0 / (z + fraction);
            }

            tail = Math.Exp(-x * x / 2) / (z + fraction) / Math.Sqrt(Math.PI) / 2;
        }

        return x * (x < 0 ? tail : 1 - tail);
    }

    private static void SameOf<L>(float x, float expected) where L : unmanaged, ILanes<L>
    {
        float* lanes = stackalloc float[16];
        L.Store(Gelu.Of(L.Broadcast(x)), lanes);
        for (int i = 0; i < 16; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(lanes[i]) == BitConverter.SingleToInt32Bits(expected) || (float.IsNaN(lanes[i]) && float.IsNaN(expected));
            if (!same)
            {
                Assert.Fail($"gelu({x:R}) is {lanes[i]:R} in lane {i} of {typeof(L).Name}, {expected:R} as a scalar");
            }
        }
    }
}
