using CsCheck;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Tests.Deciding;

public class SaturationTests
{
    private static readonly Slo Slo = new() { TtftSeconds = 1, Share = 0.95 };

    [Fact]
    public void SteadyNumberOfRequests_IsKept() => Saturation.Broken(Slo, Sent(200), 0.99, [.. Enumerable.Repeat(30, 100)]).ShouldBeNull();

    [Fact]
    public void GoodShareBelowItsLimit_IsTooMuch() => Saturation.Broken(Slo, Sent(200), 0.94, [1, 1, 1, 1, 1]).ShouldBe("94.0 % within the service level, less than 95.0 %");

    [Fact]
    public void GrowingBacklog_IsTooMuchThoughAnswersAreGoodYet() =>
        Saturation.Broken(Slo, Sent(200), 1, [.. Enumerable.Range(0, 100)]).ShouldBe("a growing backlog: 40.0 more on their way at the end than in the middle");

    [Fact]
    public void Shed_IsTooMuch() => Saturation.Broken(Slo, Sent(200) with { ShedTurns = 1 }, 1, [1]).ShouldNotBeNull().ShouldStartWith("1 shed");

    [Fact]
    public void NothingSampled_IsNoBacklog() => Saturation.Backlog([]).ShouldBe(0);

    /// <summary>In a queue that holds, the number on their way is Poisson's about its mean; three deviations of it, sampled often, are no backlog.</summary>
    [Fact]
    public void NoiseOfArrivals_IsNoBacklog() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 200]).Sample((seed, mean) =>
        {
            var draws = new Draws(seed);
            var samples = Enumerable.Range(0, 200).Select(_ => mean + (int)((draws.Unit() - 0.5) * 4 * Math.Sqrt(mean))).ToList();
            Saturation.Broken(Slo, Sent(4 * mean), 1, samples).ShouldBeNull();
        });

    /// <summary>Against a server that can do just so much the search ends next to it.</summary>
    [Fact]
    public void Search_FindsTheCapacity() =>
        Gen.Select(Gen.Double[0.1, 500], Gen.Double[0.5, 50], Gen.Double[1.2, 4]).Sample((capacity, from, factor) =>
        {
            var search = new RampSearch(from, to: 1000, factor, refinements: 4);
            var tried = 0;
            while (search.Next() is { } rate)
            {
                (++tried).ShouldBeLessThan(80);
                search.Tried(rate, rate <= capacity);
            }

            if (search.Kept is { } kept)
            {
                kept.ShouldBeLessThanOrEqualTo(capacity);
                search.IsSaturated.ShouldBeTrue();
                kept.ShouldBeGreaterThan(capacity / Math.Pow(Math.Max(factor, 2), 1.0 / 16) / 1.0001); // four halvings of the first interval, on a logarithmic scale
            }
            else
            {
                (from / Math.Pow(2, 7)).ShouldBeGreaterThan(capacity * 0.999);
            }
        });

    [Fact]
    public void Search_EndsAtTheGreatestRate()
    {
        var search = new RampSearch(4, to: 10, 2, 3);
        var rates = new List<double>();
        while (search.Next() is { } rate)
        {
            rates.Add(rate);
            search.Tried(rate, isKept: true);
        }

        rates.ShouldBe([4, 8, 10]);
        search.IsSaturated.ShouldBeFalse();
    }

    private static Counts Sent(long sent) => new(sent, 0, 0, 0, sent, new Dictionary<Outcome, long> { [Outcome.Ok] = sent }, sent, 0, 0, 0, 0, 0);
}
