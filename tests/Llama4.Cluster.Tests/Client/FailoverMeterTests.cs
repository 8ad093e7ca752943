using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Client;

/// <summary>Instruments are heard process-wide: what other tests do meanwhile only adds.</summary>
public class FailoverMeterTests
{
    [Fact]
    public void Generation_ThatGoesOnElsewhere_TellsOfTheFailoverItsTokensAndTheGap()
    {
        var clock = new SetClock();
        clock.Advance(TimeSpan.FromSeconds(1));
        var gaps = new ConcurrentQueue<double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => Enable(instrument, self) };
        listener.SetMeasurementEventCallback<double>((_, gap, _, _) => gaps.Enqueue(gap));
        var totals = new ConcurrentDictionary<string, long>();
        listener.SetMeasurementEventCallback<long>((instrument, total, _, _) => totals[instrument.Name] = total);
        FailoverMeter.Begin();
        listener.Start();
        listener.RecordObservableInstruments();
        var before = new Dictionary<string, long>(totals);
        var generation = new Generation(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1, 2, 3], TokensMax = 9 }, _ => ValueTask.CompletedTask) { Clock = clock };

        Take(generation, 0);
        Take(generation, 1);
        generation.Revived();
        clock.Advance(TimeSpan.FromSeconds(0.7));
        Take(generation, 2);
        clock.Advance(TimeSpan.FromSeconds(5));
        Take(generation, 3); // not of a failover any more

        listener.RecordObservableInstruments();
        (totals["llama4.failovers"] - before["llama4.failovers"]).ShouldBeGreaterThanOrEqualTo(1);
        (totals["llama4.replayed.tokens"] - before["llama4.replayed.tokens"]).ShouldBeGreaterThanOrEqualTo(3 + 2);
        gaps.ShouldContain(gap => Math.Abs(gap - 0.7) < 1e-3);
        gaps.ShouldNotContain(gap => Math.Abs(gap - 5) < 1e-3);
    }

    private static void Take(Generation generation, int index) => generation.Take(new TokenChunk { Request = generation.Request, Index = index, Token = 7 });

    private static void Enable(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Name == "Llama4.Gateway" && instrument.Name is "llama4.failovers" or "llama4.replayed.tokens" or "llama4.failover.gap")
            listener.EnableMeasurementEvents(instrument);
    }
}
