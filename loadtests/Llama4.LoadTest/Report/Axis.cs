using System.Globalization;

namespace Llama4.LoadTest.Report;

/// <summary>Where values are along one side of a plot, and what is written there.</summary>
/// <param name="Position">Of a value, as a share of the side; within 0..1 for values between the ends.</param>
internal sealed record Axis(string Label, Func<double, double> Position, IReadOnlyList<(double Value, string Text)> Marks)
{
    /// <summary>From <paramref name="min"/>, or below, to <paramref name="max"/>, or above.</summary>
    public static Axis Linear(string label, double min, double max, bool exactEnds = false)
    {
        var ticks = Ticks.Of(min, max);
        var (from, to) = exactEnds && max > min ? (min, max) : (ticks[0], ticks[^1]);
        return new Axis(label, value => (value - from) / (to - from), [.. ticks.Where(tick => tick >= from && tick <= to).Select(tick => (tick, Number(tick)))]);
    }

    /// <summary>Percentiles as HDR plots have them: as much room from 90 to 99 as from 99 to 99.9.</summary>
    /// <param name="nines">How far: 2 ends at 99 %.</param>
    public static Axis Percentiles(int nines)
    {
        var values = (double[])[0, 90, 99, 99.9, 99.99, 99.999, 99.9999];
        return new Axis("percentile", value => Math.Min(1, -Math.Log10(Math.Max(1 - (value / 100), 1e-12)) / nines), [.. values.Take(nines + 1).Select(value => (value, Number(value)))]);
    }

    public static string Number(double value) => value.ToString(Math.Abs(value) >= 1_000_000 ? "0.###e0" : "0.######", CultureInfo.InvariantCulture);
}
