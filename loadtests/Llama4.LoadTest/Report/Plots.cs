using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Report;

/// <summary>The plots of one run, or of several on the same axes.</summary>
internal static class Plots
{
    /// <summary>Percentiles of one kind of time, one line for each histogram that has values; null if none has.</summary>
    public static Plot? Percentiles(string title, params IReadOnlyList<(string Name, int Color, bool IsDashed, LatencyFigures Times)> kinds)
    {
        var shown = kinds.Where(kind => kind.Times.Count > 0).Select(kind => (kind.Name, kind.Color, kind.IsDashed, kind.Times.Count, Histogram: LatencyHistogram.Decode(kind.Times.Hdr))).ToList();
        if (shown.Count == 0)
        {
            return null;
        }

        var nines = Math.Clamp((int)Math.Ceiling(Math.Log10(2 * shown.Max(kind => kind.Count))), 2, 6);
        var (factor, unit) = shown.Max(kind => kind.Histogram.Max) < 1 ? (1e3, "ms") : (1, "s");
        return new Plot(
            title,
            Axis.Percentiles(nines),
            Axis.Linear(unit, 0, factor * shown.Max(kind => kind.Histogram.Max)),
            [.. shown.Select(kind => new PlotLine(kind.Name, kind.Color, [.. Levels(kind.Count, nines).Select(percent => ((double, double)?)(percent, factor * kind.Histogram.Percentile(percent)))], kind.IsDashed))],
            []);
    }

    /// <summary>Something of each bin over time.</summary>
    public static Plot OverTime(string title, string unit, IReadOnlyList<PlotMark> marks, params IReadOnlyList<(string Name, int Color, bool IsDashed, Series Series, Func<Bin, double?> Value)> lines)
    {
        PlotLine[] drawn = [.. lines.Select(line => new PlotLine(line.Name, line.Color, [.. Points(line.Series, line.Value)], line.IsDashed))];
        var seconds = lines.Max(line => line.Series.Bins.Count * line.Series.BinSeconds);
        return new Plot(title, Axis.Linear("seconds", 0, seconds, exactEnds: true), Axis.Linear(unit, 0, Highest(drawn)), drawn, marks);
    }

    public static Plot Memory(MemoryFigures memory, double seconds, IReadOnlyList<PlotMark> marks)
    {
        PlotLine[] lines = [new("resident memory", 1, [.. memory.Samples.Select(sample => ((double, double)?)(sample.At, sample.Bytes / 1e6))])];
        return new Plot("Server's memory", Axis.Linear("seconds", 0, seconds, exactEnds: true), Axis.Linear("MB", 0, Highest(lines)), lines, marks);
    }

    /// <summary>What comes of each rate of a ramp.</summary>
    public static Plot Ramp(string title, string unit, IReadOnlyList<RampStep> steps, params IReadOnlyList<(string Name, int Color, Func<RampStep, double> Value)> lines)
    {
        PlotLine[] drawn = [.. lines.Select(line => new PlotLine(line.Name, line.Color, [.. steps.Select(step => ((double, double)?)(step.Rate, line.Value(step)))]))];
        PlotMark[] marks = [.. steps.Where(step => step.Broken is not null).Take(1).Select(step => new PlotMark(step.Rate, $"the first rate that was too much: {step.Broken}"))];
        return new Plot(title, Axis.Linear("sessions a second", 0, steps.Max(step => step.Rate)), Axis.Linear(unit, 0, Highest(drawn)), drawn, marks);
    }

    /// <summary>As far as there are values beyond: the last is the greatest.</summary>
    private static IEnumerable<double> Levels(long count, int nines)
    {
        const int Steps = 40; // between 90 and 99, and so on
        var last = Math.Min(nines, Math.Log10(2 * count));
        for (var i = 0; i < (int)Math.Floor(last * Steps); i++)
        {
            yield return 100 * (1 - Math.Pow(10, -(double)i / Steps));
        }

        yield return 100 * (1 - Math.Pow(10, -last));
    }

    private static IEnumerable<(double X, double Y)?> Points(Series series, Func<Bin, double?> value) =>
        series.Bins.Select(bin => value(bin) is { } found ? (bin.At + (series.BinSeconds / 2), found) : ((double, double)?)null);

    private static double Highest(IEnumerable<PlotLine> lines) => lines.SelectMany(line => line.Points).Max(point => point?.Y) ?? 0;
}
