using Llama4.Compute.Testing;

namespace Llama4.Compute.Tests.Testing;

public class SimulatedClockTests
{
    /// <summary>A later time is asked for first: an earlier one must wake the clock from its sleep.</summary>
    [Fact]
    public async Task Until_OfSeveralTimes_CompletesNoneEarly()
    {
        using var clock = new SimulatedClock();
        long start = clock.NowNs;
        long[] times = [start + 30_000_000, start + 2_000_000, start + 9_000_000];
        var woken = await Task.WhenAll(times.Select(async time =>
        {
            await clock.UntilAsync(time);
            return (Time: time, Woken: clock.NowNs);
        }));
        woken.ShouldAllBe(one => one.Woken >= one.Time);
    }

    [Fact]
    public async Task Dispose_WhileSomebodyWaits_LetsHimGoOn()
    {
        var clock = new SimulatedClock();
        Task waiting = clock.UntilAsync(long.MaxValue / 2).AsTask();
        clock.Dispose();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
