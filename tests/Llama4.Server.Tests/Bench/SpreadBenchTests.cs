using Llama4.Contracts;
using Llama4.Server.Bench;

namespace Llama4.Server.Tests.Bench;

public sealed class SpreadBenchTests
{
    [Fact]
    public void Ratio_OfRounds_IsTheMedianOfTheirOwn()
    {
        // The second round was disturbed, for both alike.
        var figures = new SpreadFigures("decode", 1, [(90, 100), (9, 10), (100, 100)]);

        figures.Ratio.ShouldBe(0.9);
        (figures.Many, figures.One).ShouldBe((90, 100));
    }

    [Fact]
    public void Report_OfACluster_SaysWhoHasWhat()
    {
        HostId front = new("front"), worker = new("worker");
        var plan = new PlacementPlan(1, front, front, [new LayerPlacement(0, front, [new ExpertGroupPlacement(0, 0, 16, worker)])]);
        HostStatus Of(HostId host) => new(host, HostCondition.Alive, 1, "", HostRoles.Any, "", 1, 2_000_000, 0, 0, []);
        var report = new SpreadReport(new ClusterStatus(1, front, plan, null, [Of(front), Of(worker)], []), 2, [new SpreadFigures("prefill", 512, [(80, 100)])]);
        using var text = new StringWriter { NewLine = "\n" };

        report.WriteText(text);

        text.ToString().ShouldContain("front: engine, vocabulary, attention of 1 layers, 2.0 MB of weights");
        text.ToString().ShouldContain("worker: 16 experts, 2.0 MB of weights");
        text.ToString().ShouldContain("0.800");
    }

    [Theory]
    [InlineData("", "--cluster")]
    [InlineData("--cluster http://x", "--cluster: expected an address like redis://HOST:6379, found 'http://x'")]
    [InlineData("--cluster redis://127.0.0.1 --rounds 0", "--rounds: expected 1 to 100, found 0")]
    public async Task Spread_OfWhatCannotBe_IsAMistake(string options, string message) =>
        (await Llama4Run.OfAsync(["bench", "spread", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).ShouldFailWith(CommandLine.Usage, message);
}
