using Llama4.LoadTest.Running;

namespace Llama4.LoadTest.Tests.Running;

public class BinSeriesTests
{
    [Fact]
    public void Bins_CountWhatHappensInThem()
    {
        var series = new BinSeries(2);
        series.Arrived(0.5);
        series.Sent(0.5, 1);
        series.Sent(1, 2);
        series.Tokens(3.9);
        series.Ttft(3.9, 0.25);
        series.Ended(7, isOk: true, isRefused: false, 1);
        series.Ended(7.5, isOk: false, isRefused: true, 0);
        series.Shed(8.1);

        var bins = series.Close().Bins;

        bins.Select(bin => bin.At).ShouldBe([0, 2, 4, 6, 8]);
        bins.Select(bin => bin.InFlight).ShouldBe([2, 2, 2, 2, 0]); // nothing happened for a while and two were on their way
        bins.Select(bin => bin.Sent).ShouldBe([2, 0, 0, 0, 0]);
        (bins[3].Ok, bins[3].Refused, bins[3].Failed, bins[4].Shed, bins[1].Tokens).ShouldBe((1, 1, 0, 1, 1));
        bins[1].TtftP50!.Value.ShouldBe(0.25, 0.005);
        bins[0].TtftP50.ShouldBeNull();
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(3600, 12)]
    [InlineData(86_400, 288)]
    public void Width_KeepsTheNumberOfBins(double seconds, double width) => BinSeries.Width(seconds).ShouldBe(width);

    [Fact]
    public void FarBeyondTheEnd_AllFallsIntoTheLast()
    {
        var series = new BinSeries(1);
        series.Tokens(1e9);

        series.Close().Bins.Count.ShouldBe(40 * BinSeries.BinsWanted);
    }
}
