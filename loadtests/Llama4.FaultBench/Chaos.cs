using System.Diagnostics;

namespace Llama4.FaultBench;

/// <summary>Faults of all kinds in random order under a steady load for a given time: every stream is compared with its undisturbed tokens, every fault's gap is kept.</summary>
public static class Chaos
{
    private const int Kinds = 32;
    private const int TokensMin = 50;
    private const int TokensMax = 500;

    /// <summary>From a cluster that is whole to the next fault: its new hosts have compiled what they run.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    /// <summary>What of it counts as undisturbed.</summary>
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(1);

    /// <summary>Past a fault, and before the cluster is made whole again.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(1);

    /// <summary>And then the streams have gone on.</summary>
    private const int TokensAfter = 40 * FaultRun.StreamCount;

    private static readonly TimeSpan WholeLimit = TimeSpan.FromSeconds(60);

    /// <returns>The exit code: 0 when no stream was lost, doubled or different.</returns>
    public static async Task<int> RunAsync(TimeSpan length, int seed, IReadOnlyList<string> names, TextWriter output, CancellationToken cancellation)
    {
        var refusal = HostNetwork.Refusal;
        if (refusal is not null)
            output.WriteLine($"no link is cut: {refusal}");
        string[] kinds = [.. names.Where(name => refusal is null || !Faults.NeedsLinks(name))];
        await using var cluster = await ClusterProcesses.StartAsync(withLinks: refusal is null, cancellation);
        var random = new Random(seed);
        var load = new SteadyLoad(cluster, Kinds, () => random.Next(TokensMin, TokensMax + 1), output);
        await load.LearnAsync(cancellation);
        var started = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = load.RunAsync(() => started.Elapsed < length && !stop.IsCancellationRequested, cancellation);
        var reports = new FaultTable();
        try
        {
            while (started.Elapsed < length)
            {
                random.Shuffle(kinds);
                foreach (var kind in kinds.TakeWhile(_ => started.Elapsed < length))
                    await DisturbAsync(cluster, kind, random, load.Meter, reports, $"{started.Elapsed:mm\\:ss}", output, cancellation);
            }
            await running;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            output.WriteLine($"{started.Elapsed:mm\\:ss} STUCK: {error.Message}{Environment.NewLine}{await cluster.DescribeAsync()}{Environment.NewLine}{cluster.Log()}");
            await stop.CancelAsync();
            return 1;
        }
        reports.Write(output);
        output.WriteLine($"chaos: {started.Elapsed.TotalMinutes:F1} minutes, seed {seed}, {reports.Count} faults, {load.Streams} streams, {load.Wrong} wrong");
        return load.Wrong == 0 ? 0 : 1;
    }

    private static async Task DisturbAsync(
        ClusterProcesses cluster, string kind, Random random, GapMeter meter, FaultTable reports, string at, TextWriter output, CancellationToken cancellation)
    {
        await Task.Delay(Settling - Undisturbed, cancellation);
        meter.Take();
        await Task.Delay(Undisturbed, cancellation);
        reports.Add("undisturbed", meter.Take().Ms);

        var seconds = kind == "store" ? 1 + (9 * random.NextDouble()) : 0.3 + (4.7 * random.NextDouble());
        var host = await Faults.DoAsync(cluster, kind, TimeSpan.FromSeconds(seconds), cancellation);
        await Task.Delay(Aftermath, cancellation);
        await meter.HearAsync(TokensAfter, WholeLimit, cancellation);
        var (gap, endedAt) = meter.Take();
        reports.Add(kind, gap);
        var detail = kind.Split(':')[0] is "freeze" or "cut" or "store" ? $" for {seconds:F1} s" : "";
        output.WriteLine($"{at} {kind}{(host is null ? "" : $" ({host.Name})")}{detail}: {gap:F0} ms{(gap <= Faults.AimMs(kind) ? "" : $", ended at {endedAt:HH:mm:ss.fff}{Environment.NewLine}{cluster.Log()}")}");
        if (kind == "join")
        {
            await Faults.LeaveAgainAsync(cluster, host!, cancellation);
            reports.Add("drain:experts", meter.Take().Ms);
        }
        await MakeWholeAsync(cluster, cancellation);
        reports.Add("made whole again", meter.Take().Ms);
    }

    /// <summary>Who has ended (killed, drained, or by itself when membership took it for dead) is replaced; then waits until every host is in the plan.</summary>
    private static async Task MakeWholeAsync(ClusterProcesses cluster, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(WholeLimit);
        await cluster.PlanAsync(
            status =>
            {
                foreach (var gone in cluster.Hosts.Where(host => host.HasExited).ToList())
                    cluster.Replace(gone);
                var inPlan = (status.Plan?.Hosts ?? []).Select(id => status.Hosts.FirstOrDefault(one => one.Host == id)?.ProcessId).ToHashSet();
                return status.Waiting is null && cluster.Hosts.All(host => inPlan.Contains(host.Id)) && inPlan.Count == cluster.Hosts.Count;
            },
            limit.Token);
    }
}
