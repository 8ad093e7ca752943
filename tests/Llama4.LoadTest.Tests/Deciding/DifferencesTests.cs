using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Tests.Deciding;

public class DifferencesTests
{
    private static readonly LoadResult Run = ComparisonTests.Run(0.1);

    [Fact]
    public void SameLoad_OfAnotherServer_IsNoDifference() => Differences.Of(Run, ComparisonTests.Run(0.2) with { Url = "http://other.example", Model = "other" }).ShouldBeEmpty();

    [Fact]
    public void OtherLoad_IsToldByItsSettings()
    {
        var arrivals = Run.Scenario.Arrivals with { Rate = Run.Scenario.Arrivals.Rate + 3 };
        var other = Run with { Verb = "soak", Interrupted = true, Scenario = Run.Scenario with { Name = "other", Seed = Run.Scenario.Seed + 1, Arrivals = arrivals, Parts = [] } };

        Differences.Of(Run, other).ShouldBe(
        [
            "verb: run and soak", "B was interrupted", $"seed: {Run.Scenario.Seed} and {Run.Scenario.Seed + 1}", $"arrivals.rate: {Run.Scenario.Arrivals.Rate} and {arrivals.Rate}", "parts",
        ]);
    }

    [Fact]
    public void OtherLoad_StandsBeforeTheFigures()
    {
        var other = Run with { Scenario = Run.Scenario with { Seconds = Run.Scenario.Seconds + 1 } };
        var figures = Comparison.Of(Run, other, new Dictionary<string, RatioLimit>());
        var text = new StringWriter();
        ComparisonText.Write(figures, Differences.Of(Run, other), text);

        text.ToString().ShouldStartWith("asked differently: seconds: ");
        ComparisonPage.Of(Run, other, figures).ShouldContain("Asked differently: seconds: ");
    }
}
