using System.Diagnostics;
using System.Globalization;
using Llama4.Simulation;

// The cluster's own agents, engines and gateways in one thread under a simulated clock and network. See docs/decisions/simulation.md.
//   dotnet run -c Release --project loadtests/Llama4.Simulation -- run [FIRST] [RUNS]     many seeds, and how many a second
//   dotnet run -c Release --project loadtests/Llama4.Simulation -- scenarios              what was found once, under twenty seeds each
//   dotnet run -c Release --project loadtests/Llama4.Simulation -- replay SEED|FILE.json  one, with all that happens in it
switch (args)
{
    case ["replay", var which]:
    {
        var scenario = ulong.TryParse(which, CultureInfo.InvariantCulture, out var seed) ? new Scenario(seed) : Scenario.Load(which);
        var outcome = Simulated.Run(scenario, Console.WriteLine);
        Console.WriteLine(outcome);
        return outcome.Violation is null ? 0 : 1;
    }

    case ["run", .. var more]:
    {
        var first = ulong.Parse(more.ElementAtOrDefault(0) ?? "1", CultureInfo.InvariantCulture);
        var runs = int.Parse(more.ElementAtOrDefault(1) ?? "1000", CultureInfo.InvariantCulture);
        var started = Stopwatch.GetTimestamp();
        var outcomes = Runs.All(first, runs);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var bad in outcomes.Where(outcome => outcome.Violation is not null))
            Console.WriteLine($"seed {bad.Seed}: {bad.Violation}{Environment.NewLine}  {Runs.Command(bad.Seed)}");
        double[] gaps = [.. outcomes.Select(outcome => outcome.LongestGap.TotalMilliseconds).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{runs} runs, {outcomes.Count(outcome => outcome.Violation is not null)} bad; {runs / elapsed:F0} runs/s on {Environment.ProcessorCount} cores, {outcomes.Average(outcome => outcome.Events):F0} events and {outcomes.Average(outcome => outcome.Time.TotalSeconds):F1} simulated seconds each"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{outcomes.Sum(outcome => outcome.Tokens)} tokens; longest gap of a run: median {gaps[gaps.Length / 2]:F0} ms, p90 {gaps[gaps.Length * 9 / 10]:F0}, p99 {gaps[gaps.Length * 99 / 100]:F0}, greatest {gaps[^1]:F0} (seed {outcomes.MaxBy(outcome => outcome.LongestGap)!.Seed})"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{outcomes.Sum(outcome => outcome.RowsComputed)} rows computed; {outcomes.Sum(outcome => outcome.KvBlocksMoved)} KV blocks moved, in {outcomes.Count(outcome => outcome.KvBlocksMoved > 0)} runs"));
        return outcomes.All(outcome => outcome.Violation is null) ? 0 : 1;
    }

    case ["scenarios"]:
    {
        var bad = 0;
        foreach (var file in Scenario.Files)
        {
            foreach (var outcome in Runs.Around(Scenario.Load(file)).Where(outcome => outcome.Violation is not null))
            {
                bad++;
                Console.WriteLine($"{Path.GetFileName(file)}, seed {outcome.Seed}: {outcome.Violation}");
            }
        }
        Console.WriteLine($"{Scenario.Files.Length} scenarios, {bad} bad runs");
        return bad == 0 ? 0 : 1;
    }

    default:
        Console.Error.WriteLine("usage: Llama4.Simulation run [FIRST] [RUNS], scenarios, or replay SEED|FILE.json");
        return 2;
}
