using System.Text.RegularExpressions;
using System.Xml.Linq;
using CsCheck;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Tests.Deciding;

namespace Llama4.LoadTest.Tests.Report;

public partial class PageTests
{
    private static readonly LoadResult Run = ComparisonTests.Run(0.1) with
    {
        Failures = [new Failure(Outcome.Cut, "</td><script src=\"http://evil.example/x.js\"></script>", 3, 1.5)],
        Faults = [new FaultFigures(5, "kill <1> & \"2\"", 0, null, 2, 0.1, 0.2, 4, 1, 0.3)],
        Memory = new MemoryFigures("process 1", [new MemorySample(0, 100_000_000), new MemorySample(5, 120_000_000)], new MemoryTrend(0, 5, 1, 1, 1, 1, 1, null)),
        Ramp = [new RampStep(2, 2, 2, 9, 0.1, 0.2, 0.01, 1, 0, 3, 0, null), new RampStep(4, 4, 3, 9, 0.1, 1.2, 0.01, 0.5, 9, 3, 0, "too slow")],
        Verdicts = [new Verdict("no request is lost", false, "3 lost")],
    };

    [Fact]
    public void Page_NeedsNothingElseAndEscapesWhatServersSay()
    {
        foreach (var page in (string[])[ResultPage.Of(Run), ComparisonPage.Of(Run, ComparisonTests.Run(0.2), Comparison.Of(Run, Run, Comparison.ParseLimits("ttft_p50=0.1", null)))])
        {
            page.ShouldNotContain("<script");
            Fetches().IsMatch(page).ShouldBeFalse();
            XDocument.Parse(Void().Replace(page, "$0</meta>").Replace("<!doctype html>", "", StringComparison.Ordinal)); // well-formed: every tag is closed
            page.ShouldNotContain("NaN");
        }
    }

    [Fact]
    public void Page_ShowsFaultsOnThePlotsOverTimeAndBrokenPromisesAsSuch()
    {
        var page = ResultPage.Of(Run);

        page.ShouldContain("<title>5.0 s: kill &lt;1&gt; &amp; &quot;2&quot;</title>");
        Regex.Count(page, "class=\"mark\"").ShouldBe(2 + 6); // the ramp's two plots, and six over time
        page.ShouldContain("<td class=\"bad\">broken</td>");
        Regex.Count(page, "<svg").ShouldBe(2 + 4 + 6);
    }

    [Fact]
    public void EmptyRun_IsAPageToo()
    {
        var nothing = Run with { Series = new Series(1, []), Latency = Empty(), Faults = [], Ramp = [], Memory = null, Parts = [], Failures = [] };

        Should.NotThrow(() => ResultPage.Of(nothing));
        Should.NotThrow(() => ComparisonPage.Of(nothing, Run, []));
    }

    [Fact]
    public void Ticks_AreRoundAndCoverTheRange() =>
        Gen.Select(Gen.Double[0, 1e6], Gen.Double[1e-6, 1e6]).Sample((min, span) =>
        {
            var ticks = Ticks.Of(min, min + span);
            var slack = 1e-6 * (min + span);
            ticks.Count.ShouldBeInRange(2, 12);
            ticks[0].ShouldBeLessThanOrEqualTo(min + slack);
            ticks[^1].ShouldBeGreaterThanOrEqualTo(min + span - slack);
            ticks.ShouldBeInOrder();
        });

    [Fact]
    public void PercentileAxis_GivesEachNineTheSameRoom()
    {
        var axis = Axis.Percentiles(3);

        axis.Position(0).ShouldBe(0);
        axis.Position(90).ShouldBe(1.0 / 3, 1e-9);
        axis.Position(99).ShouldBe(2.0 / 3, 1e-9);
        axis.Position(100).ShouldBe(1);
        axis.Marks.Select(mark => mark.Text).ShouldBe(["0", "90", "99", "99.9"]);
    }

    [Fact]
    public void Line_IsBrokenWhereThereIsNothing()
    {
        var plot = new Plot("t", Axis.Linear("x", 0, 4), Axis.Linear("y", 0, 4), [new PlotLine("a", 1, [(0, 0), (1, 1), null, (3, 3), null, (4, 4), (4, 0)])], []);

        Regex.Match(plot.ToHtml(), "d=\"(M[^\"]*)\"><title>a").Groups[1].Value.Count(letter => letter == 'M').ShouldBe(3);
        Regex.Count(plot.ToHtml(), "h0.1").ShouldBe(1); // and the point by itself is a dot
    }

    private static Latencies Empty()
    {
        var none = LatencyFigures.Of(new LatencyHistogram());
        return new Latencies { Ttft = none, TtftFromSend = none, InterToken = none, PerToken = none, Total = none, TotalFromSend = none, Lateness = none };
    }

    [GeneratedRegex("""<(link|img|iframe|object|embed|script|base|form)\b|<[^>]*\s(src|href|action)\s*=|url\(|@import""")]
    private static partial Regex Fetches();

    [GeneratedRegex("<meta [^>]*>")]
    private static partial Regex Void();
}
