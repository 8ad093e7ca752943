using Llama4.Cluster.Metrics;

namespace Llama4.Cluster.Tests.Metrics;

public class ImbalanceWindowTests
{
    private readonly SetClock _clock = new();
    private readonly long[,] _rows = new long[2, 4];
    private readonly ImbalanceWindow _window;

    public ImbalanceWindowTests() => _window = new ImbalanceWindow(layers: 2, experts: 4, _clock);

    [Fact]
    public void Ratio_IsOfTheMostLoadedToTheMeanOfThoseThatAreHere()
    {
        Look(4).ShouldBeEmpty(); // nothing to compare with yet
        (_rows[0, 0], _rows[0, 1]) = (30, 10);

        Look(4).ShouldBe([(0, 3.0)]); // mean over four
        Look(2).ShouldBe([(0, 1.5)]);
        Look(0).ShouldBe([(0, 1.5)]); // at least over those that ran
    }

    [Fact]
    public void Ratio_ForgetsWhatIsOlderThanAMinute()
    {
        Look(4);
        _rows[1, 2] = 1000;
        for (var second = 0; second < 120; second += 10)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            for (var expert = 0; expert < 4; expert++)
                _rows[1, expert] += 5;
            Look(4);
        }

        Look(4).ShouldBe([(1, 1.0)]);
    }

    [Fact]
    public void Looks_OftenOneAfterTheOther_StillSeeAMinute()
    {
        Look(4);
        for (var tenth = 0; tenth < 300; tenth++)
        {
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            _rows[0, 0]++;
            Look(1);
        }

        _rows[0, 1] = 300;
        Look(2).ShouldBe([(0, 1.0)]); // half a minute of each
    }

    private (int Layer, double Ratio)[] Look(int here) => [.. _window.Look((layer, expert) => _rows[layer, expert], (_, expert) => expert < here)];
}
