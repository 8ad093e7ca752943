using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Arriving;

/// <summary>The arrivals of a scenario, endless unless recorded: they depend on the seed and on nothing that a server does.</summary>
internal static class Processes
{
    /// <summary>Arrivals before <paramref name="seconds"/>.</summary>
    /// <exception cref="LoadTestException">The recording cannot be read.</exception>
    public static IEnumerable<Arrival> Of(ArrivalSettings settings, ulong seed, double seconds) => (settings.Process switch
    {
        ArrivalProcess.Poisson => Numbered(Poisson(new Draws(seed, 1), settings.Rate)),
        ArrivalProcess.Bursts => Numbered(Bursts(new Draws(seed, 1), settings.Rate, settings.OnSeconds, settings.OffSeconds)),
        _ => Recording.Load(settings.File!, settings.Speed),
    }).TakeWhile(arrival => arrival.At < seconds);

    private static IEnumerable<double> Poisson(Draws draws, double rate)
    {
        for (var at = draws.Exponential(1 / rate); ; at += draws.Exponential(1 / rate))
        {
            yield return at;
        }
    }

    /// <summary>An interrupted Poisson process with mean rate <paramref name="rate"/>. Begins with a burst.</summary>
    private static IEnumerable<double> Bursts(Draws draws, double rate, double on, double off)
    {
        var pause = 1 / (rate * (on + off) / on);
        for (var start = 0.0; ;)
        {
            var end = start + draws.Exponential(on);
            for (var at = start + draws.Exponential(pause); at < end; at += draws.Exponential(pause))
            {
                yield return at;
            }

            start = end + draws.Exponential(off);
        }
    }

    private static IEnumerable<Arrival> Numbered(IEnumerable<double> times) => times.Select((at, i) => new Arrival(i, at));
}
