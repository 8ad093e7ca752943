using System.Globalization;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Deciding;

/// <summary>A figure of two runs, and whether the second keeps to a ratio.</summary>
/// <param name="Ratio">Second to first; infinite where only the first is 0.</param>
/// <param name="Limit">Of the ratio; null if none was given.</param>
internal sealed record ComparedFigure(string Name, double First, double Second, double Ratio, RatioLimit? Limit, bool IsKept);

/// <param name="IsMost">Or the least.</param>
internal sealed record RatioLimit(double Ratio, bool IsMost);

/// <summary>Two runs, figure by figure.</summary>
internal static class Comparison
{
    private static readonly (string Name, Func<LatencyFigures, double> Of)[] Statistics =
    [
        ("mean", times => times.Mean), ("p50", times => times.P50), ("p90", times => times.P90), ("p95", times => times.P95),
        ("p99", times => times.P99), ("p999", times => times.P999), ("max", times => times.Max),
    ];

    /// <summary>Reads <c>ttft_p99=1.2,total_p50=1.1</c>.</summary>
    /// <exception cref="LoadTestException">It is not of that form.</exception>
    public static IReadOnlyDictionary<string, RatioLimit> ParseLimits(string? most, string? least)
    {
        var limits = new Dictionary<string, RatioLimit>(StringComparer.Ordinal);
        foreach (var (option, text, isMost) in ((string, string?, bool)[])[("--most", most, true), ("--least", least, false)])
        {
            foreach (var entry in (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var sides = entry.Split('=', 2, StringSplitOptions.TrimEntries);
                if (sides.Length != 2 || !double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) || !(ratio >= 0) || !limits.TryAdd(sides[0], new RatioLimit(ratio, isMost)))
                {
                    throw new LoadTestException($"{option}: expected FIGURE=RATIO,... and each figure once, found '{entry}'");
                }
            }
        }

        return limits;
    }

    /// <exception cref="LoadTestException">A limit is of a figure that is not known.</exception>
    public static IReadOnlyList<ComparedFigure> Of(LoadResult first, LoadResult second, IReadOnlyDictionary<string, RatioLimit> limits)
    {
        var (firsts, seconds) = (Figures(first).ToList(), Figures(second).ToDictionary(figure => figure.Name, figure => figure.Value, StringComparer.Ordinal));
        if (limits.Keys.FirstOrDefault(name => !seconds.ContainsKey(name)) is { } unknown)
        {
            throw new LoadTestException($"expected one of the figures {string.Join(", ", seconds.Keys)}, found '{unknown}'");
        }

        return [.. firsts.Select(figure => Compare(figure.Name, figure.Value, seconds[figure.Name], limits.GetValueOrDefault(figure.Name)))];
    }

    private static ComparedFigure Compare(string name, double? first, double? second, RatioLimit? limit)
    {
        var ratio = (first, second) switch
        {
            (null, _) or (_, null) => double.NaN, // a limit on what was not measured is not kept
            (0, 0) => 1,
            (0, _) => double.PositiveInfinity,
            ({ } a, { } b) => b / a,
        };
        return new ComparedFigure(name, first ?? double.NaN, second ?? double.NaN, ratio, limit, limit is null || (limit.IsMost ? ratio <= limit.Ratio : ratio >= limit.Ratio));
    }

    /// <summary>By their names on the command line; null where nothing was measured.</summary>
    private static IEnumerable<(string Name, double? Value)> Figures(LoadResult result)
    {
        foreach (var (kind, times) in result.Latency.Named())
        {
            foreach (var (statistic, of) in Statistics)
            {
                yield return ($"{kind}_{statistic}", times.Count == 0 ? null : of(times));
            }
        }

        var (counts, rates) = (result.Counts, result.Rates);
        yield return ("requests_per_second", rates.Ok);
        yield return ("tokens_per_second", rates.AnswerTokens);
        yield return ("goodput", rates.Good);
        yield return ("slo_share", rates.SloShare);
        yield return ("lost_share", counts.Sent == 0 ? null : (double)counts.Lost / counts.Sent);
        yield return ("right_share", counts.Checked == 0 ? null : (double)counts.Right / counts.Checked);
        yield return ("cached_share", counts.PromptTokens == 0 ? null : (double)counts.CachedTokens / counts.PromptTokens);
        yield return ("memory_median", result.Memory?.Trend.MedianBytes);
    }
}
