using System.Globalization;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Report;

/// <summary>A result for the terminal.</summary>
internal static class ResultText
{
    public static void Write(LoadResult result, TextWriter to)
    {
        var (counts, rates) = (result.Counts, result.Rates);
        void Line(FormattableString line) => to.WriteLine(line.ToString(CultureInfo.InvariantCulture));

        Line($"{result.Scenario.Name}: {result.Verb} of {result.Model} at {result.Url}, {result.ElapsedSeconds:0.0} s{(result.Interrupted ? ", interrupted" : "")}");
        Line($"sessions  {counts.Sessions} arrived, {counts.ShedSessions} shed by the client, {counts.EndedSessions} dialogs ended early; {counts.ShedTurns} turns shed");
        Line($"requests  {counts.Sent} sent: {string.Join(", ", counts.Outcomes.Select(outcome => $"{outcome.Value} {Name(outcome.Key)}"))}");
        Line($"rates     {rates.Sent:0.00} requests/s sent, {rates.Ok:0.00} answered, {rates.AnswerTokens:0.0} tokens/s out, {rates.PromptTokens:0.0} in");
        Line($"good      {rates.Good:0.00} answers/s within the service level, {rates.SloShare:P1} of all");
        if (counts.Checked > 0)
        {
            Line($"right     {counts.Right} of {counts.Checked} answers that could be checked");
        }

        to.WriteLine();
        to.WriteLine($"{"seconds",-16}{"count",9}{"mean",10}{"p50",10}{"p90",10}{"p99",10}{"p99.9",10}{"max",10}");
        foreach (var (name, figures) in result.Latency.Named())
        {
            Line($"{name,-16}{figures.Count,9}{figures.Mean,10:0.0000}{figures.P50,10:0.0000}{figures.P90,10:0.0000}{figures.P99,10:0.0000}{figures.P999,10:0.0000}{figures.Max,10:0.0000}");
        }

        foreach (var failure in result.Failures.Take(10))
        {
            Line($"{failure.Count} x {Name(failure.Outcome)}: {failure.Detail}");
        }

        foreach (var fault in result.Faults)
        {
            Line($"at {fault.At:0.0} s: {fault.Command}: exit {fault.ExitCode}{(fault.Note is { } note ? $" ({note})" : "")}, {fault.OpenStreams} streams open then, their longest gaps: median {fault.GapMedian:0.000} s, p99 {fault.GapP99:0.000}; {fault.Streams} streams until the next fault, {fault.FailedStreams} failed, longest gap {fault.GapMax:0.000} s");
        }

        if (result.Ramp.Count > 0)
        {
            to.WriteLine();
            to.WriteLine(RampText.Header);
            foreach (var step in result.Ramp)
            {
                to.WriteLine(RampText.Line(step));
            }
        }

        foreach (var verdict in result.Verdicts)
        {
            Line($"{(verdict.IsKept ? "kept" : "BROKEN")}: {verdict.Promise}: {verdict.Found}");
        }
    }

    public static string Name(Outcome outcome) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());
}
