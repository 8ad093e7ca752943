using Llama4.LoadTest.Client;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Tests.Deciding;

public class ComparisonTests
{
    [Theory]
    [InlineData("ttft_p99=2.01", null, true)]
    [InlineData("ttft_p99=1.9", null, false)]
    [InlineData("ttft_p99=3,total_max=1.5", null, false)]
    [InlineData(null, "tokens_per_second=1", true)]
    [InlineData(null, "tokens_per_second=1.1", false)]
    [InlineData("right_share=1", null, false)] // nothing could be checked: a limit on it is not kept
    [InlineData(null, null, true)]
    public void Ratios_AreKeptOrNot(string? most, string? least, bool isKept) =>
        Comparison.Of(Run(0.1), Run(0.2), Comparison.ParseLimits(most, least)).All(figure => figure.IsKept).ShouldBe(isKept);

    [Fact]
    public void RunAndItself_AreEqual() => Comparison.Of(Run(0.1), Run(0.1), new Dictionary<string, RatioLimit>()).ShouldAllBe(figure => double.IsNaN(figure.Ratio) || figure.Ratio == 1);

    [Theory]
    [InlineData("ttft_p99")]
    [InlineData("ttft_p99=much")]
    [InlineData("ttft_p99=-1")]
    [InlineData("ttft_p99=1,ttft_p99=2")]
    public void WrongLimits_AreRefused(string most) => Should.Throw<LoadTestException>(() => Comparison.ParseLimits(most, null)).Message.ShouldStartWith("--most: expected FIGURE=RATIO");

    [Fact]
    public void UnknownFigure_IsRefusedWithTheKnownOnes() =>
        Should.Throw<LoadTestException>(() => Comparison.Of(Run(1), Run(1), Comparison.ParseLimits("tftt_p99=1", null))).Message.ShouldContain("ttft_p99");

    internal static LoadResult Run(double ttft)
    {
        var scenario = TestScenarios.Synthetic();
        var recorder = new Recorder(scenario, null);
        for (var i = 0; i < 100; i++)
        {
            recorder.Arrived(i * 0.1);
            recorder.TrySend(i * 0.1, i * 0.1, isFirstTurn: true);
            recorder.Tokens(i, i * 0.1, (i * 0.1) + ttft, first: true);
            recorder.Tokens(i, (i * 0.1) + ttft, (i * 0.1) + (2 * ttft), first: false);
            recorder.Done("p", 0, i * 0.1, new Answer(i) { Sent = i * 0.1, First = (i * 0.1) + ttft, Last = (i * 0.1) + (2 * ttft), End = (i * 0.1) + (2 * ttft), Usage = new TokenUsage(3, 2, 0) }, null);
        }

        return Summary.Of("run", scenario, new Target(new Uri("http://127.0.0.1:1"), null, "m"), DateTimeOffset.UnixEpoch, 10, false, recorder);
    }
}
