using Llama4.LoadTest.Client;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Results;

/// <summary>All that a run found out: the content of <c>result.json</c>. Times in seconds of the run's clock.</summary>
internal sealed record LoadResult
{
    public const string FormatName = "llama4-loadtest/1";

    public string Format { get; init; } = FormatName;

    public required string Verb { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>With everything that the command line changed.</summary>
    public required Scenario Scenario { get; init; }

    public required string Url { get; init; }

    public required string Model { get; init; }

    /// <summary>From the start to the end of the last request.</summary>
    public required double ElapsedSeconds { get; init; }

    /// <summary>Somebody stopped it before its time.</summary>
    public bool Interrupted { get; init; }

    public required Counts Counts { get; init; }

    public required Rates Rates { get; init; }

    public required Latencies Latency { get; init; }

    public required IReadOnlyList<PartFigures> Parts { get; init; }

    /// <summary>What went wrong, the most frequent first.</summary>
    public required IReadOnlyList<Failure> Failures { get; init; }

    public required Series Series { get; init; }

    public IReadOnlyList<RampStep> Ramp { get; init; } = [];

    public IReadOnlyList<FaultFigures> Faults { get; init; } = [];

    public MemoryFigures? Memory { get; init; }

    /// <summary>What was promised, and whether it was kept.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];
}

/// <summary>Sessions arrived are those begun and those shed; requests sent are the sum of their outcomes.</summary>
/// <param name="ShedSessions">Arrivals that the generator did not send: its bounds were reached.</param>
/// <param name="ShedTurns">Further turns of dialogs, likewise.</param>
/// <param name="EndedSessions">Dialogs that had more turns when the time was over, or of which a turn failed.</param>
/// <param name="Good">Answers within the service level.</param>
/// <param name="Checked">Answers of which it is known what is right.</param>
internal sealed record Counts(
    long Sessions, long ShedSessions, long ShedTurns, long EndedSessions, long Sent, IReadOnlyDictionary<Outcome, long> Outcomes, long Good, long Checked, long Right, long PromptTokens, long CachedTokens, long AnswerTokens)
{
    public long Of(Outcome outcome) => Outcomes.GetValueOrDefault(outcome);

    /// <summary>Neither answered to the end nor refused at once.</summary>
    public long Lost => Sent - Of(Outcome.Ok) - Of(Outcome.Refused);
}

/// <summary>A second, over the whole run with its end.</summary>
/// <param name="SloShare">Good answers of all requests, those shed included.</param>
internal sealed record Rates(double Sent, double Ok, double AnswerTokens, double PromptTokens, double Good, double SloShare);

internal sealed record PartFigures(string Part, long Sent, long Ok, long Checked, long Right, double TtftP50, double TtftP99, double TotalP50, double TotalP99);

internal sealed record Failure(Outcome Outcome, string Detail, long Count, double FirstAt);

/// <summary>The run in equal pieces of time.</summary>
internal sealed record Series(double BinSeconds, IReadOnlyList<Bin> Bins);

/// <param name="InFlight">The most at one time.</param>
/// <param name="Tokens">Events with tokens.</param>
/// <param name="TtftP50">Of the first tokens in it, from their intended arrivals; null of none.</param>
internal sealed record Bin(double At, int Arrived, int Sent, int Ok, int Failed, int Refused, int Shed, int Tokens, int InFlight, double? TtftP50, double? TtftP99);

/// <summary>One rate of a ramp.</summary>
/// <param name="Backlog">Requests on their way at its end, less those at its middle.</param>
/// <param name="Broken">Why it is too much; null if it is not.</param>
internal sealed record RampStep(
    double Rate, double SentRate, double OkRate, double TokenRate, double TtftP50, double TtftP99, double PerTokenP99, double SloShare, double Backlog, int InFlightMax, long Failed, string? Broken);

/// <summary>A command that was run while loaded, and what streams saw of it until the next.</summary>
/// <param name="OpenStreams">On their way when it was run.</param>
/// <param name="GapMedian">Of the longest time without a token (or, before the first, of waiting) of each of these, from the command on.</param>
/// <param name="Streams">With those that began until the next.</param>
/// <param name="GapMax">Of all of them.</param>
/// <param name="Note">What went wrong with the command, beyond its exit code.</param>
internal sealed record FaultFigures(double At, string Command, int ExitCode, string? Note, int OpenStreams, double GapMedian, double GapP99, int Streams, int FailedStreams, double GapMax);

/// <summary>The server's resident memory.</summary>
internal sealed record MemoryFigures(string Source, IReadOnlyList<MemorySample> Samples, MemoryTrend Trend);

internal sealed record MemorySample(double At, long Bytes);

/// <param name="MedianBytes">Of what was measured after the warm-up.</param>
/// <param name="GrowthBytes">Along the line through it.</param>
/// <param name="IsFlat">Null where there are too few samples to tell.</param>
internal sealed record MemoryTrend(double FromSeconds, double ToSeconds, long MedianBytes, long MaxBytes, double GrowthBytes, double BytesPerHour, double GrowthBytesMax, bool? IsFlat);

internal sealed record Verdict(string Promise, bool IsKept, string Found);
