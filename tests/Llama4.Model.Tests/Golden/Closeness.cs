namespace Llama4.Model.Tests;

/// <summary>The goldens' tolerance: greatest error against the RMS of the expected values.</summary>
internal static class Closeness
{
    /// <summary>
    /// Another order of fp32 sums costs about 1e-5 of the scale; nearly every known mistake costs more than 1e-2,
    /// and the cheapest visible one 3.4e-2 (tests/golden, policy of the reference values).
    /// </summary>
    private const double Fp32 = 2e-4;

    public static void ShouldBeCloseTo(this IEnumerable<float[]> actual, float[][] expected, string what)
    {
        var rows = actual.ToArray();
        rows.Length.ShouldBe(expected.Length, what);
        var rms = Math.Sqrt(expected.Average(row => row.Average(value => (double)value * value)));
        var worst = 0.0;
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r].Length.ShouldBe(expected[r].Length, what);
            for (var c = 0; c < rows[r].Length; c++)
            {
                // A NaN must not slip through a comparison.
                var error = Math.Abs((double)rows[r][c] - expected[r][c]);
                worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error);
            }
        }
        (worst / rms).ShouldBeLessThanOrEqualTo(Fp32, $"{what}: greatest error over RMS");
    }

    /// <summary>RMS of the difference.</summary>
    public static double RmsDistance(this IEnumerable<float[]> actual, float[][] expected)
    {
        double sum = 0;
        long count = 0;
        foreach (var (a, b) in actual.Zip(expected))
        {
            a.Length.ShouldBe(b.Length);
            for (var c = 0; c < a.Length; c++)
                sum += Math.Pow((double)a[c] - b[c], 2);
            count += a.Length;
        }
        count.ShouldBe(expected.Sum(row => (long)row.Length));
        return Math.Sqrt(sum / count);
    }

    public static int ArgMax(float[] row) => Array.IndexOf(row, row.Max());
}
