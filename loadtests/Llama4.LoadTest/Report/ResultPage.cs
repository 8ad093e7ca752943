using System.Globalization;
using System.Text.Json;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Report;

/// <summary>A run as a page: what was promised, times, and the run over time.</summary>
internal static class ResultPage
{
    public static string Of(LoadResult result)
    {
        var page = new Page($"{result.Scenario.Name}: {result.Verb} of {result.Model}");
        page.Lead(Say($"{result.Url}, {result.StartedAt:yyyy-MM-dd HH:mm} UTC, {result.ElapsedSeconds:0.0} s{(result.Interrupted ? ", interrupted" : "")}. {result.Scenario.About}"));
        if (result.Verdicts.Count > 0)
        {
            page.Section("Promises").Table(["promise", "", "=found"], result.Verdicts.Select(verdict => (string[])[verdict.Promise, verdict.IsKept ? "+kept" : "!broken", "=" + verdict.Found]));
        }

        AddFigures(page, result);
        AddFaults(page, result);
        AddRamp(page, result);
        AddPlots(page, result);
        return page.Section("Settings").Code(JsonSerializer.Serialize(result.Scenario, JsonFiles.Strict)).ToString();
    }

    private static void AddFigures(Page page, LoadResult result)
    {
        var (counts, rates) = (result.Counts, result.Rates);
        page.Section("Requests").Table(
            ["sessions", "shed", "sent", .. counts.Outcomes.Keys.Select(ResultText.Name), "requests/s", "tokens/s out", "tokens/s in", "cached prompt tokens", "good/s", "within the service level", "right"],
            [
                [
                    Say($"{counts.Sessions:N0}"), Bad(counts.ShedSessions + counts.ShedTurns), Say($"{counts.Sent:N0}"),
                    .. counts.Outcomes.Select(outcome => outcome.Key is Client.Outcome.Ok ? Say($"{outcome.Value:N0}") : Bad(outcome.Value)),
                    Say($"{rates.Ok:0.00}"), Say($"{rates.AnswerTokens:0.0}"), Say($"{rates.PromptTokens:0.0}"), Say($"{counts.CachedTokens:N0} of {counts.PromptTokens:N0}"),
                    Say($"{rates.Good:0.00}"), Say($"{100 * rates.SloShare:0.0} %"), counts.Checked == 0 ? "" : Say($"{counts.Right:N0} of {counts.Checked:N0}"),
                ],
            ]);
        page.Section("Times, in milliseconds").Table(
            ["", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
            result.Latency.Named().Select(kind => (string[])
            [
                kind.Name.Replace('_', ' '), Say($"{kind.Figures.Count:N0}"),
                .. ((double[])[kind.Figures.Mean, kind.Figures.P50, kind.Figures.P90, kind.Figures.P95, kind.Figures.P99, kind.Figures.P999, kind.Figures.Max]).Select(value => Say($"{value * 1e3:0.00}")),
            ]));
        page.Lead("ttft and total count from the intended arrival; lateness is how late the generator itself sent.");
        page.Section("Parts").Table(
            ["part", "sent", "ok", "right", "ttft p50, ms", "p99", "total p50, ms", "p99"],
            result.Parts.Select(part => (string[])
            [
                part.Part, Say($"{part.Sent:N0}"), Say($"{part.Ok:N0}"), part.Checked == 0 ? "" : Say($"{part.Right:N0} of {part.Checked:N0}"),
                .. ((double[])[part.TtftP50, part.TtftP99, part.TotalP50, part.TotalP99]).Select(value => Say($"{value * 1e3:0.0}")),
            ]));
        if (result.Failures.Count > 0)
        {
            page.Section("Failures").Table(["outcome", "count", "first at, s", "=message"], result.Failures.Select(failure => (string[])[ResultText.Name(failure.Outcome), Say($"{failure.Count:N0}"), Say($"{failure.FirstAt:0.0}"), "=" + failure.Detail]));
        }
    }

    private static void AddFaults(Page page, LoadResult result)
    {
        if (result.Faults.Count > 0)
        {
            page.Section("Faults").Table(
                ["", "at, s", "open streams", "gap p50, ms", "p99", "all streams", "failed", "longest gap, ms", "exit code", "=command"],
                result.Faults.Select((fault, i) => (string[])
                [
                    $"{i + 1}", Say($"{fault.At:0.0}"), $"{fault.OpenStreams}", Say($"{fault.GapMedian * 1e3:0}"), Say($"{fault.GapP99 * 1e3:0}"), $"{fault.Streams}", Bad(fault.FailedStreams), Say($"{fault.GapMax * 1e3:0}"),
                    fault.ExitCode == 0 ? "0" : $"!{fault.ExitCode}", $"={fault.Command}{(fault.Note is { } note ? $" ({note})" : "")}",
                ]));
            page.Lead("A gap is a stream's longest time without a token, from the fault on: of the streams that were open then, and the longest of all until the next fault.");
        }
    }

    private static void AddRamp(Page page, LoadResult result)
    {
        if (result.Ramp.Count == 0)
        {
            return;
        }

        page.Section("Ramp").Table(
            ["rate", "sent/s", "answered/s", "tokens/s", "ttft p50, ms", "p99", "token p99, ms", "good", "in flight", "backlog", "failed", "", "="],
            result.Ramp.Select(step => (string[])
            [
                Say($"{step.Rate:0.00}"), Say($"{step.SentRate:0.00}"), Say($"{step.OkRate:0.00}"), Say($"{step.TokenRate:0.0}"), Say($"{step.TtftP50 * 1e3:0}"), Say($"{step.TtftP99 * 1e3:0}"),
                Say($"{step.PerTokenP99 * 1e3:0.0}"), Say($"{100 * step.SloShare:0.0} %"), $"{step.InFlightMax}", Say($"{step.Backlog:0.0}"), $"{step.Failed}", step.Broken is null ? "+kept" : "!broken", "=" + step.Broken,
            ]));
        page.Plots(
            Plots.Ramp("First token", "ms", result.Ramp, ("p99", 2, step => step.TtftP99 * 1e3), ("p50", 1, step => step.TtftP50 * 1e3)),
            Plots.Ramp("Throughput", "a second", result.Ramp, ("requests sent", 4, step => step.SentRate), ("answered", 3, step => step.OkRate)));
    }

    private static void AddPlots(Page page, LoadResult result)
    {
        var (times, series) = (result.Latency, result.Series);
        page.Section("Percentiles").Plots(
            Plots.Percentiles("First token", ("from the intended arrival", 1, false, times.Ttft), ("from the sending", 2, true, times.TtftFromSend)),
            Plots.Percentiles("Between tokens", ("gaps", 1, false, times.InterToken), ("mean of an answer", 2, false, times.PerToken)),
            Plots.Percentiles("Whole answer", ("from the intended arrival", 1, false, times.Total), ("from the sending", 2, true, times.TotalFromSend)),
            Plots.Percentiles("Lateness of the generator", ("sent after it was due", 4, false, times.Lateness)));
        if (series.Bins.Count == 0)
        {
            return;
        }

        PlotMark[] marks = [.. result.Faults.Select(fault => new PlotMark(fault.At, Say($"{fault.At:0.0} s: {fault.Command}")))];
        var width = series.BinSeconds;
        page.Section("Over time").Plots(
            Plots.OverTime("Requests", "a second", marks, ("sent", 1, false, series, bin => bin.Sent / width), ("answered", 3, false, series, bin => bin.Ok / width)),
            Plots.OverTime("First token, of those that came then", "ms", marks, ("p99", 2, false, series, bin => bin.TtftP99 * 1e3), ("p50", 1, false, series, bin => bin.TtftP50 * 1e3)),
            Plots.OverTime("Tokens (events)", "a second", marks, ("tokens", 3, false, series, bin => bin.Tokens / width)),
            Plots.OverTime("In flight", "requests", marks, ("most in flight", 4, false, series, bin => bin.InFlight)),
            Plots.OverTime("Errors", "a second", marks, ("failed", 5, false, series, bin => bin.Failed / width), ("refused", 2, false, series, bin => bin.Refused / width), ("shed by the client", 4, true, series, bin => bin.Shed / width)),
            result.Memory is { Samples.Count: > 1 } memory ? Plots.Memory(memory, series.Bins.Count * width, marks) : null);
    }

    private static string Bad(long count) => Say($"{(count > 0 ? "!" : "")}{count:N0}");

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
