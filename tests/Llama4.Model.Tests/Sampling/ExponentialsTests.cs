using System.Numerics;

namespace Llama4.Model.Tests;

public class ExponentialsTests
{
    [Fact]
    public void Fill_OverItsRange_IsWithinTwoUlpOfExp()
    {
        var random = new Random(1);
        var x = Enumerable.Range(0, 80_000).Select(i => -707.9 * Math.Pow(random.NextDouble(), 1 + i % 5)).ToArray();
        var y = new double[x.Length];

        Exponentials.Fill(x, 0, 1, y);

        for (var i = 0; i < x.Length; i++)
        {
            var expected = Math.Exp(x[i]);
            Math.Abs(y[i] - expected).ShouldBeLessThanOrEqualTo(3 * (Math.BitIncrement(expected) - expected), $"exp({x[i]:R})");
        }
    }

    [Fact]
    public void Fill_OfSpecialValues_GivesWeightsThatCanBeSummed()
    {
        double[] x = [0, double.NegativeInfinity, double.NaN, -1e300, -709, -0.0, -1e-320, -707];
        var y = new double[8];

        Exponentials.Fill(x, 0, 1, y);

        y[..7].ShouldBe([1, 0, 0, 0, 0, 1, 1]);
        y[7].ShouldBeGreaterThan(0);
    }

    /// <summary>Found with 512-bit vectors; 256 bits, 128 bits and no vectors at all must give them too.</summary>
    [Fact]
    public void Fill_WithAnyVectorWidth_GivesTheSameBits()
    {
        var x = Enumerable.Range(0, 4096).Select(i => -i * 0.00713).ToArray();
        var y = new double[x.Length];

        Exponentials.Fill(x, 0, 0.6, y);

        y.Aggregate(0UL, (hash, value) => (hash * 0x9E3779B97F4A7C15) ^ BitConverter.DoubleToUInt64Bits(value)).ShouldBe(8173862322190084347UL);
    }

    [Fact]
    public void Lanes_AreAMultipleOfEveryVectorWidth() => (Exponentials.Lanes % Vector<double>.Count).ShouldBe(0);
}
