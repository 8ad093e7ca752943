namespace Llama4.Simulation.Tests;

/// <summary>What was found once is run again by name.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Names => [.. Scenario.Files.Select(file => Path.GetFileName(file)!)];

    [Theory, MemberData(nameof(Names))]
    public void Is_good(string name)
    {
        var scenario = Scenario.Load(Scenario.Files.Single(file => Path.GetFileName(file) == name));

        scenario.Found.ShouldNotBeNullOrEmpty();
        Runs.Around(scenario).Where(outcome => outcome.Violation is not null).Select(outcome => $"seed {outcome.Seed}: {outcome.Violation}").ShouldBeEmpty();
    }
}
