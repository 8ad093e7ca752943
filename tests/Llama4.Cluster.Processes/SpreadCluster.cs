using System.Net;
using Llama4.Contracts;
using Llama4.FaultBench;

namespace Llama4.Cluster.Processes;

/// <summary>The processes of a spread, their store, and a gateway in this process that is their client.</summary>
internal sealed class SpreadCluster : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly RedisProcess _store = new(IPAddress.Loopback);
    private readonly List<HostProcess> _processes = [];
    private ClusterHost? _gateway;

    private SpreadCluster()
    {
    }

    public IGenerationClient Client => _gateway!.Client;

    /// <summary>Returns when a plan over all of them, with the stages that are wanted, is in force.</summary>
    /// <exception cref="TimeoutException">It is not within <paramref name="limit"/>; with what the processes said.</exception>
    public static Task<SpreadCluster> StartAsync(Spread spread, TimeSpan limit) => StartAsync(spread, status => IsInForce(status, spread), limit);

    /// <summary>Returns when there is a status like this.</summary>
    /// <inheritdoc cref="StartAsync(Spread, TimeSpan)"/>
    public static async Task<SpreadCluster> StartAsync(Spread spread, Func<ClusterStatus, bool> isWanted, TimeSpan limit)
    {
        var cluster = new SpreadCluster();
        try
        {
            foreach (var (i, bytes) in spread.Bytes().Index())
                cluster._processes.Add(new HostProcess(cluster._store.Address, $"host-{i:00}", NamesOf(spread.Roles[i]), cell: null, $"{bytes}B", spread.Replicas));
            using var start = new CancellationTokenSource(limit);
            cluster._gateway = await ClusterHost.StartAsync(
                new ClusterHostOptions { Redis = cluster._store.Address, ModelDirectory = ClusterProcesses.Model, Roles = HostRoles.Gateway, KvBytes = HostProcess.KvBytes }, null, start.Token);
            await cluster.StatusAsync(isWanted, limit);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for a status like this.</summary>
    /// <exception cref="TimeoutException">There is none within <paramref name="limit"/>; with what the processes said.</exception>
    public async Task<ClusterStatus> StatusAsync(Func<ClusterStatus, bool> isWanted, TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        ClusterStatus? last = null;
        while (!end.IsCancellationRequested)
        {
            try
            {
                last = await _gateway!.Admin.StatusAsync(end.Token);
                if (isWanted(last))
                    return last;
                await Task.Delay(LookEvery, end.Token);
            }
            catch (Exception error) when (error is TimeoutException or OperationCanceledException)
            {
                // No leader yet, or the end of the wait, which the loop looks at.
            }
        }
        throw new TimeoutException(
            $"no such plan within {limit.TotalSeconds} s; the last: {(last is null ? "none" : Text(last))}{Environment.NewLine}{string.Join(Environment.NewLine, _processes.Select(one => one.Log()))}");
    }

    /// <summary>SIGKILL to the process of a host.</summary>
    public async Task KillAsync(HostId host, TimeSpan limit) => (await ProcessAsync(host, limit)).Kill();

    public async Task<HostProcess> ProcessAsync(HostId host, TimeSpan limit)
    {
        var status = await StatusAsync(status => status.Hosts.Any(one => one.Host == host), limit);
        var id = status.Hosts.Single(one => one.Host == host).ProcessId;
        return _processes.Single(process => process.Id == id);
    }

    /// <summary>Who owns what, in a line.</summary>
    public static string Text(ClusterStatus status) => status.Plan is not { } plan
        ? $"no plan ({status.Waiting})"
        : $"{plan.Hosts.Length} hosts, {plan.Replicas.Length} replicas of {string.Join('+', plan.Replicas.Select(replica => replica.Stages.Length))} stages, "
            + $"{string.Join('/', plan.Layers.Select(layer => layer.ExpertGroups.Length))} expert groups a layer on {ExpertHosts(plan)} hosts, engines that answered: "
            + $"{status.Hosts.SelectMany(host => host.Engines).Count(engine => engine.TokensGenerated > 0)}";

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        _processes.ForEach(process => process.Dispose());
        _store.Dispose();
    }

    /// <summary>As the option takes them.</summary>
    private static string NamesOf(HostRoles roles) => roles.ToString().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    private static bool IsInForce(ClusterStatus status, Spread spread) =>
        status is { Plan: { } plan, Waiting: null }
        && plan.Hosts.Length == spread.Roles.Length
        && plan.Replicas.Length == spread.Replicas
        && plan.Replicas.All(replica => replica.Stages.Length - spread.Stages is var more && more >= 0 && more <= spread.Spare)
        && ExpertHosts(plan) == spread.Experts;

    private static int ExpertHosts(PlacementPlan plan) => plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().Count();
}
