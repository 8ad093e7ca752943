using CsCheck;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Tests.Arriving;

/// <summary>Arrivals have the statistics that their names promise. Seeds are fixed: bounds of five deviations are never met by accident.</summary>
public class ProcessesTests
{
    private const double Seconds = 20_000;

    private static readonly ArrivalSettings Bursts = new() { Process = ArrivalProcess.Bursts, Rate = 2, OnSeconds = 2, OffSeconds = 8 };

    [Theory]
    [InlineData(0.5)]
    [InlineData(3)]
    public void Poisson_HasItsRateAndAsMuchVarianceAsMean(double rate)
    {
        var arrivals = Processes.Of(new ArrivalSettings { Rate = rate }, 7, Seconds).ToList();

        var deviation = Math.Sqrt(rate * Seconds);
        ((double)arrivals.Count).ShouldBe(rate * Seconds, 5 * deviation);
        Dispersion(arrivals).ShouldBe(1, 0.1); // of 2,000 counts; its deviation is sqrt(2 / 2,000) = 0.03
        var gaps = arrivals.Zip(arrivals.Skip(1), (a, b) => b.At - a.At).ToList();
        Share(gaps, gap => gap > 1 / rate).ShouldBe(Math.Exp(-1), 0.03); // exponential: it has no memory
        Share(gaps, gap => gap > 2 / rate).ShouldBe(Math.Exp(-2), 0.03);
    }

    [Fact]
    public void Bursts_HaveTheMeanRateAndFarMoreVariance()
    {
        var arrivals = Processes.Of(Bursts, 7, Seconds).ToList();

        (arrivals.Count / Seconds).ShouldBe(2, 0.25);
        Dispersion(arrivals).ShouldBeGreaterThan(5);
    }

    [Fact]
    public void SameSeed_IsTheSameLoadAndAnotherSeedAnother()
    {
        var settings = new ArrivalSettings { Rate = 5 };

        Processes.Of(settings, 1, 100).ShouldBe(Processes.Of(settings, 1, 100));
        Processes.Of(settings, 1, 100).ShouldNotBe(Processes.Of(settings, 2, 100));
    }

    [Fact]
    public void AnyProcess_IsInOrderWithinItsTimeAndALongerRunBeginsAsAShorterOne() =>
        Gen.Select(Gen.ULong, Gen.Double[0.1, 50], Gen.Double[1, 30], Gen.Bool).Sample((seed, rate, seconds, bursts) =>
        {
            var settings = bursts ? Bursts with { Rate = rate } : new ArrivalSettings { Rate = rate };
            var arrivals = Processes.Of(settings, seed, seconds).ToList();
            arrivals.ShouldBe(Processes.Of(settings, seed, 2 * seconds).Take(arrivals.Count));
            arrivals.Select(arrival => arrival.Index).ShouldBe(Enumerable.Range(0, arrivals.Count));
            arrivals.Select(arrival => arrival.At).ShouldBeInOrder();
            arrivals.ShouldAllBe(arrival => arrival.At >= 0 && arrival.At < seconds);
        });

    [Fact]
    public void Draws_OfOnePurposeDoNotDependOnOthers()
    {
        new Draws(3, 2, 10).Next().ShouldBe(new Draws(3, 2, 10).Next());
        Enumerable.Range(0, 1000).Select(i => new Draws(3, 2, (ulong)i).Next()).Distinct().Count().ShouldBe(1000);
        new Draws(3, 1).Next().ShouldNotBe(new Draws(3, 2).Next());
    }

    /// <summary>Variance to mean of the arrivals in ten seconds.</summary>
    private static double Dispersion(IReadOnlyList<Arrival> arrivals)
    {
        var counts = new double[(int)(Seconds / 10)];
        foreach (var arrival in arrivals)
        {
            counts[(int)(arrival.At / 10)]++;
        }

        var mean = counts.Average();
        return counts.Average(count => (count - mean) * (count - mean)) / mean;
    }

    private static double Share(IReadOnlyCollection<double> values, Func<double, bool> which) => (double)values.Count(which) / values.Count;
}
