using System.Globalization;

namespace Llama4.Simulation.Tests;

public sealed class SeedTests(ITestOutputHelper output)
{
    /// <summary>LLAMA4_SIMULATION_RUNS asks for another number, and LLAMA4_SIMULATION_FIRST for other seeds.</summary>
    [Fact]
    public void Whatever_happens_every_request_ends_once_with_the_tokens_of_an_undisturbed_run()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("LLAMA4_SIMULATION_RUNS") ?? "10000", CultureInfo.InvariantCulture);
        var first = ulong.Parse(Environment.GetEnvironmentVariable("LLAMA4_SIMULATION_FIRST") ?? "1", CultureInfo.InvariantCulture);

        var outcomes = Runs.All(first, runs);

        outcomes.Sum(outcome => outcome.Tokens).ShouldBeGreaterThan(20 * runs);
        output.WriteLine($"{runs} runs, {outcomes.Sum(outcome => outcome.Events)} events, {outcomes.Sum(outcome => outcome.Tokens)} tokens");
        outcomes.Where(outcome => outcome.Violation is not null).Select(outcome => $"{outcome.Violation}: {Runs.Command(outcome.Seed)}").ShouldBeEmpty();
    }

    [Fact]
    public void A_seed_gives_the_same_run_event_for_event()
    {
        for (ulong seed = 1; seed <= 20; seed++)
            Journal(seed).ShouldBe(Journal(seed));
    }

    private static List<string> Journal(ulong seed)
    {
        var journal = new List<string>();
        var outcome = Simulated.Run(new Scenario(seed), journal.Add);
        // What the runtime itself makes up is in no decision.
        return [.. journal.Where(line => !line.Contains("Gateway ", StringComparison.Ordinal)), outcome.ToString()];
    }
}
