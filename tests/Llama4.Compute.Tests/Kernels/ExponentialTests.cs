namespace Llama4.Compute.Tests.Kernels;

/// <summary>The stated errors, against double over the whole range, and that vectors and scalars agree bit for bit.</summary>
public unsafe class ExponentialTests
{
    [Fact]
    public void Exponential_OverTheNormalRange_IsWithinTheStatedUlp()
    {
        double worst = 0;
        foreach (float x in FloatRange.Dense(-87.3f, 88.7f))
        {
            worst = Math.Max(worst, Ulps.Between(Exponential.Scalar(x), Math.Exp(x)));
        }

        worst.ShouldBeLessThan(1.1);
    }

    [Fact]
    public void Exponential_OfSubnormalResults_IsWithinOneStep()
    {
        foreach (float x in FloatRange.Dense(-104f, -87.3f))
        {
            Math.Abs(Exponential.Scalar(x) - Math.Exp(x)).ShouldBeLessThan(1.5 * float.Epsilon, $"{x:R}");
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(-200f, 0f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(1e-40f, 1f)]
    public void Exponential_OfSpecialValues_IsExact(float x, float expected) => Exponential.Scalar(x).ShouldBe(expected);

    [Fact]
    public void Exponential_OfLanes_IsTheScalarBitForBit()
    {
        foreach (float x in FloatRange.Dense(-110f, 95f).Concat([float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f]))
        {
            float expected = Exponential.Scalar(x);
            SameOf<Lanes512>(x, expected);
            SameOf<Lanes256>(x, expected);
            SameOf<Lanes128>(x, expected);
        }
    }

    [Fact]
    public void Sigmoid_OverTheNormalRange_IsWithinTheStatedUlp()
    {
        double sigmoid = 0, silu = 0;
        foreach (float x in FloatRange.Dense(-87f, 100f))
        {
            double exact = 1 / (1 + Math.Exp(-(double)x));
            sigmoid = Math.Max(sigmoid, Ulps.Between(Sigmoid.Scalar(x), exact));
            silu = Math.Max(silu, Ulps.Between(Sigmoid.SiluScalar(x), x * exact));
        }

        sigmoid.ShouldBeLessThan(2.5);
        silu.ShouldBeLessThan(2.5);
    }

    [Theory]
    [InlineData(0f, 0.5f, 0f)]
    [InlineData(float.PositiveInfinity, 1f, float.PositiveInfinity)]
    [InlineData(1000f, 1f, 1000f)]
    [InlineData(-1000f, 0f, -0f)]
    [InlineData(float.NaN, float.NaN, float.NaN)]
    public void Sigmoid_OfSpecialValues_IsExact(float x, float sigmoid, float silu)
    {
        Sigmoid.Scalar(x).ShouldBe(sigmoid);
        Sigmoid.SiluScalar(x).ShouldBe(silu);
    }

    private static void SameOf<L>(float x, float expected) where L : unmanaged, ILanes<L>
    {
        float* lanes = stackalloc float[16];
        L.Store(Exponential.Of(L.Broadcast(x)), lanes);
        for (int i = 0; i < 16; i++)
        {
            if (BitConverter.SingleToInt32Bits(lanes[i]) != BitConverter.SingleToInt32Bits(expected))
            {
                Assert.Fail($"exp({x:R}) is {lanes[i]:R} in lane {i} of {typeof(L).Name}, {expected:R} as a scalar");
            }
        }
    }
}
