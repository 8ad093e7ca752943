using CsCheck;
using Llama4.Scheduling;

namespace Llama4.Tests.Balance;

/// <summary>Which experts turn hot, how soon, and that noise changes nothing.</summary>
public class ExpertLoadTests
{
    private const int Layers = 3;
    private const int Experts = 16;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private static readonly ExpertLoadLimits Limits = new();

    /// <summary>The mean of a layer: around both marks, far below and far above.</summary>
    private static readonly double[] Times = [0.5, 1, 1.2, 1.6, 1.9, 2, 2.1, 3, 8];

    private static readonly ExpertOfLayer Busy = new(1, 5);

    [Fact]
    public void Look_AtAnExpertWithMostRows_FindsItHotWithinTwoSecondsAndItAlone()
    {
        var load = new Load();

        var until = load.RunUntil(() => load.Hot.Count > 0, Rates(300, (Busy, 2000)), TimeSpan.FromSeconds(2));

        until.ShouldNotBeNull();
        until.Value.ShouldBeGreaterThanOrEqualTo(Limits.HotLooks * LookEvery);
        load.Hot.ShouldBe([Busy]);
    }

    [Fact]
    public void Look_AfterTheRowsStop_FindsItCooledOnceItWasSoForAWhile()
    {
        var load = new Load();
        load.RunUntil(() => load.Hot.Count > 0, Rates(300, (Busy, 2000)), TimeSpan.FromSeconds(2));

        var until = load.RunUntil(() => load.Hot.Count == 0, Rates(0), TimeSpan.FromSeconds(15));

        until.ShouldNotBeNull();
        until.Value.ShouldBeGreaterThan(Limits.CoolFor);
    }

    [Fact]
    public void Look_AfterTheRowsWentToAnotherExpert_FindsThatOneHotInstead()
    {
        var load = new Load();
        var other = new ExpertOfLayer(1, 6);
        load.RunUntil(() => load.Hot.Count > 0, Rates(300, (Busy, 2000)), TimeSpan.FromSeconds(2));

        load.RunUntil(() => false, Rates(300, (other, 2000)), TimeSpan.FromSeconds(10));

        load.Hot.ShouldBe([other]);
    }

    /// <summary>A prefill chunk of 512 rows that all choose one expert.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(50)]
    public void Look_AtAShortBurst_FindsNothingHot(double others)
    {
        var load = new Load();
        load.RunUntil(() => false, Rates(others), TimeSpan.FromSeconds(3));

        load.RunUntil(() => load.Hot.Count > 0, Rates(others, (Busy, 512 / LookEvery.TotalSeconds)), LookEvery).ShouldBeNull();

        load.RunUntil(() => load.Hot.Count > 0, Rates(others), TimeSpan.FromSeconds(10)).ShouldBeNull();
    }

    /// <summary>A slow machine: 512 rows in one step of a second.</summary>
    [Fact]
    public void Look_AtFewLargeSteps_FindsTheirExpertHot()
    {
        var load = new Load();
        for (var second = 0; second < 5; second++)
        {
            load.RunUntil(() => false, Rates(0, (Busy, 512 / LookEvery.TotalSeconds)), LookEvery);
            load.RunUntil(() => false, Rates(0), TimeSpan.FromSeconds(1) - LookEvery);
        }

        load.Hot.ShouldBe([Busy]);
    }

    [Fact]
    public void Look_AtFewRows_FindsNothingHot()
    {
        var load = new Load();

        load.RunUntil(() => load.Hot.Count > 0, Rates(0, (Busy, 0.8 * Limits.HotRowsPerS)), TimeSpan.FromSeconds(20)).ShouldBeNull();
    }

    [Fact]
    public void Look_AtManyHotExperts_StopsAtTheBound()
    {
        var load = new Load(Limits with { HotMax = 2 });

        load.RunUntil(() => false, Rates(200, (new(0, 1), 3000), (new(1, 2), 3000), (new(2, 3), 3000)), TimeSpan.FromSeconds(3));

        load.Hot.Count.ShouldBe(2);
    }

    [Fact]
    public void Begin_WithHotExperts_KeepsThemUntilTheyHaveCooled()
    {
        var kept = new Load();
        kept.Begin(Busy);
        kept.RunUntil(() => !kept.Hot.Contains(Busy), Rates(300, (Busy, 2000)), TimeSpan.FromSeconds(20)).ShouldBeNull();

        var idle = new Load();
        idle.Begin(Busy);
        idle.RunUntil(() => idle.Hot.Count == 0, Rates(0), TimeSpan.FromSeconds(15)).ShouldNotBeNull().ShouldBeGreaterThan(Limits.CoolFor);
    }

    [Fact]
    public void Count_OfAnotherModel_IsRefused() =>
        Should.Throw<ArgumentException>(() => new ExpertLoad(Layers, Experts, Limits).Count(new int[Experts]));

    /// <summary>Whatever the rates, as long as they stay: an expert turns hot at most once and stays so, also at the very mark.</summary>
    [Fact]
    public void Look_AtNoiseAroundSteadyRates_DoesNotFlap() =>
        Gen.Select(Gen.Int[200, 5000], Gen.Int[0, Times.Length - 1].Select(i => Times[i]), Gen.Int).Sample((mean, times, seed) =>
        {
            // Of 16 experts with the mean m, one has `times` m and the others share the rest.
            var (busy, others) = (times * mean, (Experts - times) * mean / (Experts - 1));
            var load = new Load { Noise = new Random(seed) };
            var changes = 0;
            var before = false;
            load.RunUntil(
                () =>
                {
                    changes += load.Hot.Contains(Busy) == before ? 0 : 1;
                    before = load.Hot.Contains(Busy);
                    return false;
                },
                Rates(others, (Busy, busy)), TimeSpan.FromSeconds(30));

            changes.ShouldBeLessThanOrEqualTo(1);
            load.Hot.Except([Busy]).ShouldBeEmpty();
            if (times is < 1.5 or > 2.5)
            {
                load.Hot.Contains(Busy).ShouldBe(times > 2.5);
            }
        }, iter: 60);

    /// <summary>[layers * experts] rows a second: the same for all of every layer but these.</summary>
    private static double[] Rates(double others, params (ExpertOfLayer Expert, double RowsPerS)[] some)
    {
        var rates = Enumerable.Repeat(others, Layers * Experts).ToArray();
        foreach (var (expert, rowsPerS) in some)
        {
            rates[(expert.Layer * Experts) + expert.Expert] = rowsPerS;
        }

        return rates;
    }

    /// <summary>A leader's looks, with hosts that report before each.</summary>
    private sealed class Load(ExpertLoadLimits? limits = null)
    {
        private readonly ExpertLoad _load = new(Layers, Experts, limits ?? Limits);
        private readonly double[] _owed = new double[Layers * Experts];
        private TimeSpan _now = TimeSpan.FromHours(5);

        /// <summary>Rows come at random times; null for evenly.</summary>
        public Random? Noise { get; init; }

        public IReadOnlyCollection<ExpertOfLayer> Hot => _load.Hot;

        public void Begin(params ExpertOfLayer[] hot) => _load.Begin(hot);

        /// <returns>How long it took; null when it was not so within the limit.</returns>
        public TimeSpan? RunUntil(Func<bool> isSo, double[] rates, TimeSpan limit)
        {
            for (var passed = LookEvery; passed <= limit; passed += LookEvery)
            {
                _load.Count(Array.ConvertAll(Enumerable.Range(0, rates.Length).ToArray(), i => RowsOf(i, rates[i] * LookEvery.TotalSeconds)));
                _load.Look(_now += LookEvery);
                if (isSo())
                {
                    return passed;
                }
            }

            return null;
        }

        private int RowsOf(int i, double mean)
        {
            if (Noise is { } noise)
            {
                return Poisson(noise, mean);
            }

            _owed[i] += mean;
            var rows = (int)_owed[i];
            _owed[i] -= rows;
            return rows;
        }

        /// <summary>Arrivals within one unit of time at this rate.</summary>
        private static int Poisson(Random random, double mean)
        {
            var rows = 0;
            for (var time = -Math.Log(1 - random.NextDouble()); time < mean; time -= Math.Log(1 - random.NextDouble()))
            {
                rows++;
            }

            return rows;
        }
    }
}
