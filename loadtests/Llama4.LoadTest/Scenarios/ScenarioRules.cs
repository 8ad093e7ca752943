namespace Llama4.LoadTest.Scenarios;

/// <summary>Which values a scenario may have.</summary>
internal static class ScenarioRules
{
    /// <summary>The first thing that is wrong, or null.</summary>
    public static string? Mistake(Scenario scenario) =>
        Within("seconds", scenario.Seconds, 0.1, 30 * 24 * 3600)
        ?? Within("in_flight_max", scenario.InFlightMax, 1, 100_000)
        ?? Within("sessions_max", scenario.SessionsMax, 1, 1_000_000)
        ?? Within("timeout_seconds", scenario.TimeoutSeconds, 0.1, 24 * 3600)
        ?? Within("drain_seconds", scenario.DrainSeconds, 0, 24 * 3600)
        ?? Within("temperature", scenario.Temperature, 0, 2)
        ?? Within("slo.share", scenario.Slo.Share, 0.001, 1)
        ?? Limit("slo.ttft_seconds", scenario.Slo.TtftSeconds)
        ?? Limit("slo.per_token_seconds", scenario.Slo.PerTokenSeconds)
        ?? Limit("slo.total_seconds", scenario.Slo.TotalSeconds)
        ?? Mistake(scenario.Arrivals)
        ?? (scenario.Parts.Count == 0 && scenario.Arrivals.Process != ArrivalProcess.Recorded ? "parts: expected at least one, found none" : null)
        ?? scenario.Parts.Select((part, i) => Within($"parts[{i}].weight", part.Weight, 1e-6, 1e6) ?? (part.Mistake() is { } mistake ? $"parts[{i}].{mistake}" : null)).FirstOrDefault(mistake => mistake is not null);

    private static string? Mistake(ArrivalSettings arrivals) =>
        Within("arrivals.rate", arrivals.Rate, 1e-4, 100_000)
        ?? Within("arrivals.on_seconds", arrivals.OnSeconds, 0.01, 86_400)
        ?? Within("arrivals.off_seconds", arrivals.OffSeconds, 0.01, 86_400)
        ?? Within("arrivals.speed", arrivals.Speed, 1e-3, 1e3)
        ?? ((arrivals.Process == ArrivalProcess.Recorded) == (arrivals.File is not null) ? null : "arrivals.file: expected with process: recorded, and only there");

    private static string? Limit(string name, double? value) => value is { } limit ? Within(name, limit, 1e-6, 1e6) : null;

    private static string? Within(string name, double value, double min, double max) =>
        value >= min && value <= max ? null : FormattableString.Invariant($"{name}: expected {min} to {max}, found {value}");
}
