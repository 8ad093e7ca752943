using System.Globalization;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Report;

/// <summary>A ramp's table for the terminal.</summary>
internal static class RampText
{
    public static string Header => $"{"rate",8}{"sent/s",9}{"ok/s",9}{"tokens/s",10}{"ttft p50",10}{"ttft p99",10}{"token p99",11}{"good",8}{"in flight",11}{"backlog",9}{"failed",8}";

    public static string Line(RampStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"{step.Rate,8:0.00}{step.SentRate,9:0.00}{step.OkRate,9:0.00}{step.TokenRate,10:0.0}{step.TtftP50,10:0.000}{step.TtftP99,10:0.000}{step.PerTokenP99,11:0.0000}{100 * step.SloShare,7:0.0}%{step.InFlightMax,11}{step.Backlog,9:0.0}{step.Failed,8}  {step.Broken ?? "kept"}");

    public static string Knee(double? kept, bool isSaturated) => (kept, isSaturated) switch
    {
        ({ } rate, true) => FormattableString.Invariant($"{rate:0.00} sessions/s is the greatest rate that was kept"),
        ({ } rate, false) => FormattableString.Invariant($"{rate:0.00} sessions/s, the greatest that was tried, was kept: the knee is beyond it"),
        _ => "no rate was kept, however small",
    };
}
