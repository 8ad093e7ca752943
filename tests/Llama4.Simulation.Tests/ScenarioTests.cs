namespace Llama4.Simulation.Tests;

/// <summary>What was found once is run again by name.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "scenarios")).Select(file => Path.GetFileName(file)!).Order()];

    [Theory, MemberData(nameof(Files))]
    public void Is_good(string file)
    {
        var scenario = Scenario.Load(Path.Combine(AppContext.BaseDirectory, "scenarios", file));
        scenario.Found.ShouldNotBeNullOrEmpty();

        // The seed it was found with, and others under the same faults: a change elsewhere makes the same seed another run.
        for (ulong other = 0; other < 20; other++)
            Simulated.Run(scenario with { Seed = scenario.Seed + other }).Violation.ShouldBeNull();
    }
}
