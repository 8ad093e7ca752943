namespace Llama4.FaultBench;

/// <param name="Wrong">Streams that did not end with exactly the undisturbed tokens and log-probabilities, and how; empty when all did.</param>
/// <param name="LongestGapMs">Between two tokens of any stream.</param>
/// <param name="UndisturbedGapMs">The same without the fault: what the machine itself makes of six processes.</param>
/// <param name="Log">Of all hosts, where something is to be explained.</param>
public sealed record FaultReport(string Scenario, string[] Wrong, double LongestGapMs, double UndisturbedGapMs, string Log);

/// <summary>Sixteen streams over a cluster that was just started, a fault in the middle of them, and what became of the tokens.</summary>
public static class FaultRun
{
    public const int StreamCount = 16;

    private const int Tokens = 500;

    private static readonly TimeSpan BeforeFault = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StoreAway = TimeSpan.FromSeconds(10);

    public static async Task<FaultReport> RunAsync(string scenario, CancellationToken cancellation)
    {
        await using var cluster = await ClusterProcesses.StartAsync(Faults.NeedsLinks(scenario), cancellation);
        await AskAsync(cluster, null, cancellation); // code that runs for the first time is compiled: that is not what is measured
        var undisturbed = await AskAsync(cluster, null, cancellation);
        var meter = new GapMeter();
        var asked = AskAsync(cluster, meter, cancellation);
        await Task.Delay(BeforeFault, cancellation);
        var fault = Faults.DoAsync(cluster, scenario, scenario == "store" ? StoreAway : Frozen, cancellation);
        var disturbed = await asked;
        await fault;
        string[] wrong = [.. disturbed.Select((stream, i) => stream.DifferenceFrom(undisturbed[i]) is { } problem ? $"stream {i}: {problem}" : null).OfType<string>()];
        var (gap, endedAt) = meter.Take();
        var log = wrong.Length == 0 && gap <= Faults.AimMs(scenario) ? "" : $"the longest gap ended at {endedAt:HH:mm:ss.fff}{Environment.NewLine}{cluster.Log()}";
        return new FaultReport(scenario, wrong, gap, undisturbed.Max(stream => stream.LongestGapMs), log);
    }

    private static Task<StreamResult[]> AskAsync(ClusterProcesses cluster, GapMeter? meter, CancellationToken cancellation) => Task.WhenAll(
        Enumerable.Range(0, StreamCount).Select(i => Task.Run(() => Streams.RunAsync(cluster.Client, Streams.Request(i, Tokens), meter), cancellation)));
}
