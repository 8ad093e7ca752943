using CsCheck;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Tests.Running;

public class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_AreThoseOfTheValuesToThreeDigits_AlsoWhenWrittenAndReadAgain() =>
        Gen.Double[1e-6, 5000].Array[1, 200].Sample(values =>
        {
            var histogram = new LatencyHistogram();
            foreach (var value in values)
            {
                histogram.Record(value);
            }

            Array.Sort(values);
            foreach (var read in (LatencyHistogram[])[histogram, LatencyHistogram.Decode(histogram.Encode())])
            {
                read.Count.ShouldBe(values.Length);
                read.Max.ShouldBe(values[^1], (values[^1] * 1e-3) + 2e-6);
                foreach (var percent in (double[])[50, 90, 99])
                {
                    var exact = values[Math.Max(0, (int)((values.Length * percent / 100) + 0.5) - 1)]; // as HdrHistogram has it: rounded to the nearest value
                    read.Percentile(percent).ShouldBe(exact, (exact * 2e-3) + 2e-6);
                }
            }
        }, iter: 50);

    /// <summary>As after an hour: the form takes more than what one read of a stream gives.</summary>
    [Fact]
    public void ManyValues_AreReadAgainAsTheyWere()
    {
        var random = new Random(1);
        var histogram = new LatencyHistogram();
        for (var i = 0; i < 300_000; i++)
        {
            histogram.Record(Math.Exp((random.NextDouble() * 16) - 12));
        }

        LatencyFigures.Of(LatencyHistogram.Decode(histogram.Encode())).ShouldBe(LatencyFigures.Of(histogram));
    }

    [Fact]
    public void OutOfRange_IsTakenAsTheBound()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(-1);
        histogram.Record(1e9);

        histogram.Count.ShouldBe(2);
        histogram.Percentile(10).ShouldBe(1e-6);
        histogram.Max.ShouldBe(86_400, 100);
    }

    [Fact]
    public void Empty_IsZero() => LatencyFigures.Of(new LatencyHistogram()).ShouldBe(new LatencyFigures(0, 0, 0, 0, 0, 0, 0, 0, 0, new LatencyHistogram().Encode()));

    [Theory]
    [InlineData("?")]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("HISTFAAAAAB4nJNpmSzMwMDA")]
    public void NoHistogram_IsRefused(string text) => Should.Throw<LoadTestException>(() => LatencyHistogram.Decode(text));
}
