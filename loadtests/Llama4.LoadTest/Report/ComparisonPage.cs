using System.Globalization;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Report;

/// <summary>Two runs on the same plots: the first drawn through, the second dashed.</summary>
internal static class ComparisonPage
{
    public static string Of(LoadResult first, LoadResult second, IReadOnlyList<ComparedFigure> figures)
    {
        var page = new Page($"{first.Scenario.Name} and {second.Scenario.Name}: two runs compared");
        page.Lead($"A: {Describe(first)}").Lead($"B: {Describe(second)}");
        if (Differences.Of(first, second) is { Count: > 0 } differences)
        {
            page.Lead($"Asked differently: {string.Join("; ", differences)}.");
        }

        if (figures.Any(figure => figure.Limit is not null))
        {
            AddTable(page.Section("Limits"), figures.Where(figure => figure.Limit is not null));
        }

        page.Section("Percentiles").Plots(
            Percentiles("First token, from the intended arrival", times => times.Ttft),
            Percentiles("Between tokens", times => times.InterToken),
            Percentiles("Mean token of an answer", times => times.PerToken),
            Percentiles("Whole answer, from the intended arrival", times => times.Total));
        if (first.Series.Bins.Count > 0 && second.Series.Bins.Count > 0)
        {
            page.Section("Over time").Plots(
                OverTime("Requests answered", "a second", (bin, width) => bin.Ok / width),
                OverTime("First token, p99", "ms", (bin, _) => bin.TtftP99 * 1e3),
                OverTime("Tokens (events)", "a second", (bin, width) => bin.Tokens / width),
                OverTime("In flight", "requests", (bin, _) => bin.InFlight),
                OverTime("Failed, refused or shed", "a second", (bin, width) => (bin.Failed + bin.Refused + bin.Shed) / width));
        }

        AddTable(page.Section("All figures, times in seconds"), figures.Where(figure => !double.IsNaN(figure.First) || !double.IsNaN(figure.Second)));
        return page.ToString();

        Plot? Percentiles(string title, Func<Latencies, LatencyFigures> of) => Plots.Percentiles(title, ("A", 1, false, of(first.Latency)), ("B", 2, true, of(second.Latency)));

        Plot OverTime(string title, string unit, Func<Bin, double, double?> value) => Plots.OverTime(
            title, unit, [], ("A", 1, false, first.Series, bin => value(bin, first.Series.BinSeconds)), ("B", 2, true, second.Series, bin => value(bin, second.Series.BinSeconds)));
    }

    private static void AddTable(Page page, IEnumerable<ComparedFigure> figures) => page.Table(["figure", "A", "B", "B to A", "limit", ""], figures.Select(figure => (string[])
    [
        figure.Name, Number(figure.First), Number(figure.Second), double.IsNaN(figure.Ratio) ? "" : Number(figure.Ratio), ComparisonText.Limit(figure), figure.Limit is null ? "" : figure.IsKept ? "+kept" : "!broken",
    ]));

    private static string Describe(LoadResult run) =>
        string.Create(CultureInfo.InvariantCulture, $"{run.Scenario.Name}, {run.Verb} of {run.Model} at {run.Url}, {run.StartedAt:yyyy-MM-dd HH:mm} UTC, {run.ElapsedSeconds:0.0} s, {run.Counts.Sent} requests");

    private static string Number(double value) => double.IsNaN(value) ? "" : value.ToString(Math.Abs(value) >= 1000 ? "0" : "0.####", CultureInfo.InvariantCulture);
}
