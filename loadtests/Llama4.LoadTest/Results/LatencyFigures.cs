namespace Llama4.LoadTest.Results;

/// <summary>One kind of time, in seconds.</summary>
/// <param name="Hdr">All of it: HdrHistogram's compressed form of microseconds, in base64.</param>
internal sealed record LatencyFigures(long Count, double Mean, double P50, double P75, double P90, double P95, double P99, double P999, double Max, string Hdr)
{
    public static LatencyFigures Of(LatencyHistogram histogram) => new(
        histogram.Count,
        histogram.Mean,
        histogram.Percentile(50),
        histogram.Percentile(75),
        histogram.Percentile(90),
        histogram.Percentile(95),
        histogram.Percentile(99),
        histogram.Percentile(99.9),
        histogram.Max,
        histogram.Encode());
}

/// <summary>The times of a run.</summary>
internal sealed record Latencies
{
    /// <summary>From the intended arrival to the first token.</summary>
    public required LatencyFigures Ttft { get; init; }

    /// <summary>From the sending to the first token.</summary>
    public required LatencyFigures TtftFromSend { get; init; }

    /// <summary>Between two events with tokens of one answer.</summary>
    public required LatencyFigures InterToken { get; init; }

    /// <summary>An answer's mean of its tokens after the first.</summary>
    public required LatencyFigures PerToken { get; init; }

    /// <summary>From the intended arrival to the end.</summary>
    public required LatencyFigures Total { get; init; }

    /// <summary>From the sending to the end.</summary>
    public required LatencyFigures TotalFromSend { get; init; }

    /// <summary>How late requests were sent: the generator's own doing.</summary>
    public required LatencyFigures Lateness { get; init; }

    /// <summary>By their names in files and on the command line.</summary>
    public IEnumerable<(string Name, LatencyFigures Figures)> Named() =>
    [
        ("ttft", Ttft), ("ttft_from_send", TtftFromSend), ("inter_token", InterToken), ("per_token", PerToken),
        ("total", Total), ("total_from_send", TotalFromSend), ("lateness", Lateness),
    ];
}
