using System.Globalization;
using Llama4.FaultBench;

// Six hosts as processes under sixteen streams, and a fault in the middle: are the tokens the same, and how long did a stream stand still?
//   dotnet run -c Release --project loadtests/Llama4.FaultBench -- all|SCENARIO[,SCENARIO...] [RUNS]
//   dotnet run -c Release --project loadtests/Llama4.FaultBench -- chaos MINUTES [SEED] [SCENARIO,...]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length is < 1 or > 4 || !RedisProcess.IsInstalled)
{
    Console.Error.WriteLine(RedisProcess.IsInstalled
        ? $"usage: Llama4.FaultBench all|SCENARIO[,SCENARIO...] [RUNS], or chaos MINUTES [SEED] [SCENARIO,...]; scenarios: {string.Join(", ", Faults.Names)}"
        : "redis-server is not installed (Debian: redis-server)");
    return 2;
}

if (args[0] == "chaos")
{
    var minutes = TimeSpan.FromMinutes(double.Parse(args.ElementAtOrDefault(1) ?? "30", CultureInfo.InvariantCulture));
    var seed = int.Parse(args.ElementAtOrDefault(2) ?? "1", CultureInfo.InvariantCulture);
    return await Chaos.RunAsync(minutes, seed, args.ElementAtOrDefault(3)?.Split(',') ?? Faults.Single, Console.Out, CancellationToken.None);
}

var runs = int.Parse(args.ElementAtOrDefault(1) ?? "1", CultureInfo.InvariantCulture);
var failed = 0;
foreach (var scenario in args[0] == "all" ? Faults.Names : args[0].Split(','))
{
    var reports = new List<FaultReport>();
    for (var run = 0; run < runs; run++)
    {
        var report = await FaultRun.RunAsync(scenario, CancellationToken.None);
        reports.Add(report);
        failed += report.Wrong.Length > 0 ? 1 : 0;
        if (report.Log.Length > 0)
        {
            Console.WriteLine($"{scenario}, run {run}: {string.Join("; ", report.Wrong)}{Environment.NewLine}{report.Log}");
        }
    }

    double[] gaps = [.. reports.Select(report => report.LongestGapMs).Order()];
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{scenario,-18} {runs} runs, {reports.Count(report => report.Wrong.Length > 0)} wrong; longest gap: median {gaps[gaps.Length / 2]:F0} ms, greatest {gaps[^1]:F0} ms; undisturbed {reports.Max(report => report.UndisturbedGapMs):F0} ms"));
}

return failed == 0 ? 0 : 1;
