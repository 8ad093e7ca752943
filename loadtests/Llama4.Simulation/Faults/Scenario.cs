using System.Text.Json;

namespace Llama4.Simulation;

/// <summary>A seed and, where it was worth a name, its faults written out.</summary>
/// <param name="Faults">Null for those that follow from the seed.</param>
internal sealed record Scenario(ulong Seed, Fault[]? Faults = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public Sabotage Sabotage { get; init; }

    /// <summary>The longest that an answer may stand still between two tokens, on the simulated clock; null for as long as it takes.</summary>
    public int? LongestGapMs { get; init; }

    /// <summary>What was wrong when it was found.</summary>
    public string? Found { get; init; }

    /// <summary>Those that came with the program.</summary>
    public static string[] Files => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "scenarios"), "*.json").Order(StringComparer.Ordinal)];

    /// <exception cref="JsonException">It is not one.</exception>
    public static Scenario Load(string file) =>
        JsonSerializer.Deserialize<Scenario>(File.ReadAllText(file), Json) ?? throw new JsonException($"{file}: expected a scenario, found null");
}
