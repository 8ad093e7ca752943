using CsCheck;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Memory;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Tests.Deciding;

public class LeakTests
{
    private const long Mega = 1_000_000;

    [Fact]
    public void WarmUpThenFlat_IsFlat() => Trend(i => i < 300 ? 100 + (2 * i / 3) : 300).IsFlat.ShouldBe(true);

    [Fact]
    public void SawTooth_IsFlat() => Trend(i => 300 + (i % 40)).IsFlat.ShouldBe(true);

    [Fact]
    public void SinglePeaks_DoNotMoveIt() => Trend(i => i is > 850 and < 870 ? 900 : 300).IsFlat.ShouldBe(true);

    [Fact]
    public void Shrinking_IsFlat() => Trend(i => 400 - (i / 10)).IsFlat.ShouldBe(true);

    [Fact]
    public void Leak_IsFoundWithItsSlope()
    {
        var trend = Trend(i => 300 + (i / 20.0));

        trend.IsFlat.ShouldBe(false);
        (trend.BytesPerHour / Mega).ShouldBe(180, 1); // 0.05 MB a second
        (trend.GrowthBytes / Mega).ShouldBe(33.3, 1);
        trend.FromSeconds.ShouldBe(333, 1);
    }

    [Fact]
    public void LeakUnderNoise_IsFoundAndNoiseAloneIsNot() =>
        Gen.ULong.Sample(seed =>
        {
            var draws = new Draws(seed);
            Trend(i => 300 + (i / 15.0) + (30 * draws.Unit())).IsFlat.ShouldBe(false);
            Trend(_ => 300 + (30 * draws.Unit())).IsFlat.ShouldBe(true);
        }, iter: 20);

    [Fact]
    public void TooFewSamples_SayNothing()
    {
        Leak.Trend([], 0.05).IsFlat.ShouldBeNull();
        Leak.Trend([.. Enumerable.Range(0, 25).Select(i => new MemorySample(i, 300 * Mega))], 0.05).IsFlat.ShouldBeNull();
    }

    [Theory]
    [InlineData("# HELP x\nprocess_resident_memory_bytes 1.5e+08\n", 150_000_000)]
    [InlineData("dotnet_process_memory_working_set_bytes{a=\"b c\"} 150000000 1700000000\n", 150_000_000)]
    [InlineData("process_resident_memory_bytes_total 3\nprocess_resident_memory_bytes 5\r\n", 5)]
    [InlineData("other 3\n", null)]
    [InlineData("process_resident_memory_bytes \n", null)]
    public void MetricsPage_HasResidentMemory(string page, int? bytes) => ResidentMemory.ParseMetrics(page).ShouldBe(bytes);

    /// <summary>A thousand seconds, one sample each.</summary>
    private static MemoryTrend Trend(Func<int, double> megabytes) => Leak.Trend([.. Enumerable.Range(0, 1000).Select(i => new MemorySample(i, (long)(megabytes(i) * Mega)))], 0.05);
}
