namespace Llama4.FaultBench;

/// <summary>What is done to a cluster, by name: WHAT:PART.</summary>
public static class Faults
{
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(60);

    /// <summary>PART one of experts, attention, engine, vocabulary, leader.</summary>
    public static readonly string[] Names =
    [
        "kill:experts", "kill:attention", "kill:vocabulary", "kill:leader", "freeze:experts", "freeze:attention", "freeze:vocabulary", "freeze:leader",
        "cut:experts", "cut:attention", "cut:vocabulary", "drain:experts", "drain:attention", "join", "store", "rolling",
    ];

    /// <summary>Those of one host at a time, after which the cluster can be as it was.</summary>
    public static readonly string[] Single = [.. Names.Except(["rolling"])];

    /// <summary>What the longest gap is to stay below, ms: a gap beyond it is worth reading the hosts' logs for.</summary>
    public static double AimMs(string name) => name is "join" || name.StartsWith("drain:", StringComparison.Ordinal) ? 200
        : name.EndsWith(":experts", StringComparison.Ordinal) ? 300
        : 1000;

    public static bool NeedsLinks(string name) => name.StartsWith("cut:", StringComparison.Ordinal);

    /// <summary>Returns when the fault is over, as far as it ends by itself.</summary>
    /// <param name="length">How long a host is frozen or cut off, or the store away.</param>
    /// <returns>The host it was done to, or that has joined; null for none or all.</returns>
    public static async Task<HostProcess?> DoAsync(ClusterProcesses cluster, string name, TimeSpan length, CancellationToken cancellation)
    {
        var (what, part) = name.Split(':') is [var first, var second] ? (first, second) : (name, "");
        var victim = part.Length > 0 ? await cluster.WithAsync(part, cancellation) : null;
        switch (what)
        {
            case "kill":
                victim!.Kill();
                break;
            case "freeze":
                victim!.Signal("STOP");
                await Task.Delay(length, cancellation);
                victim.Signal("CONT");
                break;
            case "cut":
                victim!.Cell!.Cut();
                await Task.Delay(length, cancellation);
                victim.Cell.Heal();
                break;
            case "drain":
                await LeaveAsync(victim!, cancellation);
                break;
            case "join":
                victim = cluster.Add($"exp-{cluster.Hosts.Count}", "experts");
                await cluster.HasPlanWithAsync(victim, cancellation);
                break;
            case "store":
                cluster.Store.Stop();
                await Task.Delay(length, cancellation);
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
                throw new ArgumentException($"expected one of {string.Join(", ", Names)}, found '{name}'", nameof(name));
        }
        return victim;
    }

    /// <summary>The host that has joined leaves again.</summary>
    public static async Task LeaveAgainAsync(ClusterProcesses cluster, HostProcess joined, CancellationToken cancellation)
    {
        await LeaveAsync(joined, cancellation);
        cluster.Remove(joined);
    }

    private static async Task LeaveAsync(HostProcess host, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LeaveLimit);
        host.Signal("TERM");
        await host.WaitForExitAsync(limit.Token);
    }
}
