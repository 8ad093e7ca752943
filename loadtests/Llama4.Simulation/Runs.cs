namespace Llama4.Simulation;

/// <summary>Many runs, one a core at a time.</summary>
internal static class Runs
{
    public static Outcome[] All(ulong first, int runs)
    {
        var outcomes = new Outcome[runs];
        Parallel.For(0, runs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, run => outcomes[run] = Simulated.Run(new Scenario(first + (ulong)run)));
        return outcomes;
    }

    /// <summary>The seed that a scenario was found with, and others under the same faults: a change elsewhere makes the same seed another run.</summary>
    public static IEnumerable<Outcome> Around(Scenario scenario) =>
        Enumerable.Range(0, 20).Select(other => Simulated.Run(scenario with { Seed = scenario.Seed + (ulong)other }));

    /// <summary>Shows everything that happens with this seed.</summary>
    public static string Command(ulong seed) => $"dotnet run -c Release --project loadtests/Llama4.Simulation -- replay {seed}";
}
