using Llama4.Scheduling;

namespace Llama4.Tests.Balance;

/// <summary>Ranges move only for a gain that lasts.</summary>
public class RangeBalanceTests
{
    private static readonly RangeBalanceLimits Limits = new();

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private TimeSpan _now = TimeSpan.FromHours(5);

    [Fact]
    public void Look_AtAGainThatLasts_SaysSoOnceAndThenRests()
    {
        var balance = new RangeBalance(Limits);

        Run(balance, 1.5, TimeSpan.FromMinutes(1)).ShouldBe([Limits.Every * Limits.Times]);
        balance.Begin(_now); // the plan that moves them is in force
        Run(balance, 1.5, Limits.Rest - TimeSpan.FromMinutes(1)).ShouldBeEmpty();
        Run(balance, 1.5, TimeSpan.FromMinutes(1)).Count.ShouldBe(1);
    }

    [Fact]
    public void Look_AtSmallOrPassingGains_SaysNothing()
    {
        var balance = new RangeBalance(Limits);
        var looks = 0;

        Run(balance, 1.1, TimeSpan.FromMinutes(2)).ShouldBeEmpty();
        Run(balance, () => ++looks % Limits.Times == 0 ? 1 : 2, TimeSpan.FromMinutes(5)).ShouldBeEmpty();
        looks.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Begin_ForgetsWhatWasSeen()
    {
        var balance = new RangeBalance(Limits);
        Run(balance, 1.5, Limits.Every * (Limits.Times - 0.5)).ShouldBeEmpty();

        balance.Begin(_now);

        Run(balance, 1.5, Limits.Every * (Limits.Times - 0.5)).ShouldBeEmpty();
        Run(balance, 1.5, Limits.Every).Count.ShouldBe(1);
    }

    private List<TimeSpan> Run(RangeBalance balance, double gain, TimeSpan time) => Run(balance, () => gain, time);

    /// <returns>When it said so, from the first look on.</returns>
    private List<TimeSpan> Run(RangeBalance balance, Func<double> gain, TimeSpan time)
    {
        var (said, started) = (new List<TimeSpan>(), _now);
        for (; _now - started <= time; _now += LookEvery)
        {
            if (balance.Look(_now, gain))
            {
                said.Add(_now - started);
            }
        }

        return said;
    }
}
