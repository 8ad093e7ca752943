using System.Diagnostics;

namespace Llama4.FaultBench;

/// <summary>Random faults under a steady load for a given time: every stream is compared with its undisturbed tokens.</summary>
public static class Chaos
{
    private const int Concurrent = 8;
    private const int Kinds = 16;
    private const int Tokens = 300;

    private static readonly TimeSpan AfterCut = TimeSpan.FromSeconds(2);

    /// <returns>The exit code: 0 when no stream was lost, doubled or different.</returns>
    public static async Task<int> RunAsync(TimeSpan length, int seed, TextWriter output, CancellationToken cancellation)
    {
        var refusal = HostNetwork.Refusal;
        if (refusal is not null)
            output.WriteLine($"no link is cut: {refusal}");
        await using var cluster = await ClusterProcesses.StartAsync(withLinks: refusal is null, cancellation);
        var expected = new int[Kinds][];
        for (var kind = 0; kind < Kinds; kind++)
            expected[kind] = (await Streams.RunAsync(cluster.Client, Streams.Request(kind, Tokens))).Tokens;
        var random = new Random(seed);
        var started = Stopwatch.StartNew();
        var (streams, wrong, faults) = (0, 0, 0);
        var gaps = new List<double>();
        var load = Task.WhenAll(Enumerable.Range(0, Concurrent).Select(worker => Task.Run(async () =>
        {
            for (var round = 0; started.Elapsed < length; round++)
            {
                var kind = (worker + (round * 5)) % Kinds;
                var result = await Streams.RunAsync(cluster.Client, Streams.Request(kind, Tokens));
                lock (gaps)
                {
                    streams++;
                    gaps.Add(result.LongestGapMs);
                    if (result.Problem is null && result.Tokens.AsSpan().SequenceEqual(expected[kind]))
                        continue;
                    wrong++;
                    output.WriteLine($"{started.Elapsed:mm\\:ss} WRONG: {result.Problem ?? "other tokens"}");
                }
            }
        }, cancellation)));
        while (started.Elapsed < length)
        {
            output.WriteLine($"{started.Elapsed:mm\\:ss} {await DisturbAsync(cluster, random, cancellation)}");
            faults++;
            await Task.Delay(TimeSpan.FromSeconds(3 + (5 * random.NextDouble())), cancellation);
        }
        await load;
        gaps.Sort();
        output.WriteLine($"chaos: {started.Elapsed.TotalMinutes:F1} minutes, seed {seed}, {faults} faults, {streams} streams, {wrong} wrong; longest gap of a stream: median {gaps[gaps.Count / 2]:F0} ms, p99 {gaps[gaps.Count * 99 / 100]:F0} ms, longest {gaps[^1]:F0} ms");
        return wrong == 0 ? 0 : 1;
    }

    private static async Task<string> DisturbAsync(ClusterProcesses cluster, Random random, CancellationToken cancellation)
    {
        var victims = cluster.Hosts.Where(host => host.Name != "seed" && !host.HasExited).ToList();
        var victim = victims[random.Next(victims.Count)];
        switch (random.Next(victim.Cell is null ? 5 : 6))
        {
            case 0:
                victim.Kill();
                break;
            case 1:
                var frozen = TimeSpan.FromSeconds(0.3 + (4.7 * random.NextDouble()));
                victim.Signal("STOP");
                await Task.Delay(frozen, cancellation);
                victim.Signal("CONT");
                return $"froze {victim.Name} for {frozen.TotalSeconds:F1} s";
            case 2:
                victim.Signal("TERM");
                await victim.WaitForExitAsync(cancellation);
                break;
            case 3:
                var away = TimeSpan.FromSeconds(1 + (9 * random.NextDouble()));
                cluster.Store.Stop();
                await Task.Delay(away, cancellation);
                cluster.Store.Start();
                return $"stopped the store for {away.TotalSeconds:F1} s";
            case 4:
                var joined = cluster.AddLike(victim);
                await cluster.HasPlanWithAsync(joined, cancellation);
                joined.Signal("TERM");
                await joined.WaitForExitAsync(cancellation);
                return $"{joined.Name} came and went";
            default:
                var cut = TimeSpan.FromSeconds(0.1 + (4.9 * random.NextDouble()));
                victim.Cell!.Cut();
                await Task.Delay(cut, cancellation);
                victim.Cell.Heal();
                // Membership may have declared it dead meanwhile: then it ends itself.
                await Task.Delay(AfterCut, cancellation);
                if (!victim.HasExited)
                    return $"cut the link of {victim.Name} for {cut.TotalSeconds:F1} s";
                break;
        }
        var next = cluster.Replace(victim);
        await cluster.HasPlanWithAsync(next, cancellation);
        return $"ended {victim.Name}, {next.Name} came in its place";
    }
}
