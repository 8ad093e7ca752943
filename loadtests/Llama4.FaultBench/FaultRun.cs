using Llama4.Contracts;

namespace Llama4.FaultBench;

/// <param name="Wrong">Streams that did not end with exactly the undisturbed tokens, and how; empty when all did.</param>
/// <param name="LongestGapMs">Between two tokens of any stream.</param>
/// <param name="UndisturbedGapMs">The same without the fault: what the machine itself makes of six processes.</param>
public sealed record FaultReport(string Scenario, string[] Wrong, double LongestGapMs, double UndisturbedGapMs, string Log);

/// <summary>Sixteen streams, a fault in the middle of them, and what became of the tokens.</summary>
public static class FaultRun
{
    private const int StreamCount = 16;
    private const int Tokens = 500;

    private static readonly TimeSpan BeforeFault = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StoreAway = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(60);

    /// <summary>kill:PART, freeze:PART, cut:PART, drain:PART with PART one of experts, attention, engine, vocabulary, leader; join; store; rolling.</summary>
    public static readonly string[] Scenarios =
    [
        "kill:experts", "kill:attention", "kill:vocabulary", "kill:leader", "freeze:experts", "freeze:attention", "freeze:leader", "cut:experts",
        "cut:attention", "cut:vocabulary", "drain:experts", "drain:attention", "join", "store", "rolling",
    ];

    public static async Task<FaultReport> RunAsync(string scenario, CancellationToken cancellation)
    {
        await using var cluster = await ClusterProcesses.StartAsync(withLinks: scenario.StartsWith("cut:", StringComparison.Ordinal), cancellation);
        await AskAsync(cluster, cancellation); // code that runs for the first time is compiled: that is not what is measured
        var undisturbed = await AskAsync(cluster, cancellation);
        var asked = AskAsync(cluster, cancellation);
        await Task.Delay(BeforeFault, cancellation);
        var fault = DisturbAsync(cluster, scenario, cancellation);
        var disturbed = await asked;
        await fault;
        var wrong = disturbed.Select((stream, i) => stream.Problem ?? (stream.Tokens.AsSpan().SequenceEqual(undisturbed[i].Tokens) ? null : "other tokens"))
            .Select((problem, i) => problem is null ? null : $"stream {i}: {problem}").OfType<string>().ToArray();
        var log = wrong.Length == 0 && disturbed.Max(stream => stream.LongestGapMs) < 900 ? "" : string.Join(Environment.NewLine, cluster.Hosts.Select(host => host.Log()));
        return new FaultReport(scenario, wrong, disturbed.Max(stream => stream.LongestGapMs), undisturbed.Max(stream => stream.LongestGapMs), log);
    }

    private static Task<StreamResult[]> AskAsync(ClusterProcesses cluster, CancellationToken cancellation) => Task.WhenAll(
        Enumerable.Range(0, StreamCount).Select(i => Task.Run(() => Streams.RunAsync(cluster.Client, Streams.Request(i, Tokens)), cancellation)));

    /// <summary>Returns when the fault is over, as far as it ends.</summary>
    private static async Task DisturbAsync(ClusterProcesses cluster, string scenario, CancellationToken cancellation)
    {
        var (what, part) = scenario.Split(':') is [var first, var second] ? (first, second) : (scenario, "");
        switch (what)
        {
            case "kill":
                (await cluster.WithAsync(part, cancellation)).Kill();
                break;
            case "freeze":
                var frozen = await cluster.WithAsync(part, cancellation);
                frozen.Signal("STOP");
                await Task.Delay(Frozen, cancellation);
                frozen.Signal("CONT");
                break;
            case "cut":
                var cell = (await cluster.WithAsync(part, cancellation)).Cell!;
                cell.Cut();
                await Task.Delay(Frozen, cancellation);
                cell.Heal();
                break;
            case "drain":
                await LeaveAsync(await cluster.WithAsync(part, cancellation), cancellation);
                break;
            case "join":
                await cluster.HasPlanWithAsync(cluster.Add("exp4", "experts"), cancellation);
                break;
            case "store":
                cluster.Store.Stop();
                await Task.Delay(StoreAway, cancellation);
                cluster.Store.Start();
                break;
            case "rolling":
                foreach (var host in cluster.Hosts.Where(host => host.Name != "seed").ToList())
                {
                    await LeaveAsync(host, cancellation);
                    await cluster.HasPlanWithAsync(cluster.Replace(host), cancellation);
                }
                break;
            default:
                throw new ArgumentException($"expected one of {string.Join(", ", Scenarios)}, found '{scenario}'", nameof(scenario));
        }
    }

    private static async Task LeaveAsync(HostProcess host, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(RestartLimit);
        host.Signal("TERM");
        await host.WaitForExitAsync(limit.Token);
    }
}
