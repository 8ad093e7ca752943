using System.Text.Json.Nodes;

namespace Llama4.LoadTest.Scenarios;

/// <summary>What is asked of a server, how often, and what counts as good: the content of a scenario file.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    public string About { get; init; } = "";

    /// <summary>How long sessions arrive.</summary>
    public double Seconds { get; init; } = 60;

    /// <summary>Of arrivals and of what is asked: the same seed is the same load.</summary>
    public ulong Seed { get; init; } = 1;

    public required ArrivalSettings Arrivals { get; init; }

    /// <summary>Requests on their way at most; what arrives beyond is counted as shed by the client.</summary>
    public int InFlightMax { get; init; } = 256;

    /// <summary>Sessions that are open, thinking ones included; what arrives beyond is counted as shed by the client.</summary>
    public int SessionsMax { get; init; } = 4096;

    /// <summary>For one request, from its sending to its last byte.</summary>
    public double TimeoutSeconds { get; init; } = 120;

    /// <summary>How long requests may still run when the last session has arrived.</summary>
    public double DrainSeconds { get; init; } = 60;

    public double Temperature { get; init; }

    /// <summary>What a good answer is.</summary>
    public Slo Slo { get; init; } = new();

    /// <summary>Further fields of every request, beyond those that all servers know.</summary>
    public JsonObject Fields { get; init; } = [];

    /// <summary>What is asked, by weights. A recording with lengths needs none.</summary>
    public IReadOnlyList<Part> Parts { get; init; } = [];
}

/// <summary>When sessions arrive.</summary>
internal sealed record ArrivalSettings
{
    public ArrivalProcess Process { get; init; } = ArrivalProcess.Poisson;

    /// <summary>Sessions a second on the average; not of a recording.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>Bursts: how long they last on the average.</summary>
    public double OnSeconds { get; init; } = 2;

    /// <summary>Bursts: the silence between two on the average.</summary>
    public double OffSeconds { get; init; } = 8;

    /// <summary>A recording: JSON lines, beside the scenario file.</summary>
    public string? File { get; init; }

    /// <summary>A recording: how many times faster it is played.</summary>
    public double Speed { get; init; } = 1;
}

internal enum ArrivalProcess
{
    /// <summary>Independent arrivals at one rate.</summary>
    Poisson,

    /// <summary>Poisson arrivals while it is on, none while it is off; both of exponential length.</summary>
    Bursts,

    /// <summary>The times of a file.</summary>
    Recorded,
}

/// <summary>The service level: limits that a good answer keeps; those left out do not count.</summary>
internal sealed record Slo
{
    /// <summary>From the intended arrival to the first token.</summary>
    public double? TtftSeconds { get; init; }

    /// <summary>Mean of an answer's tokens after the first.</summary>
    public double? PerTokenSeconds { get; init; }

    /// <summary>From the intended arrival to the end.</summary>
    public double? TotalSeconds { get; init; }

    /// <summary>How many of the answers must keep them.</summary>
    public double Share { get; init; } = 0.95;
}
