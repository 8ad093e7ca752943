using System.Net;
using Llama4.Cluster;
using Llama4.Contracts;

namespace Llama4.FaultBench;

/// <summary>
/// Six hosts as processes (two of attention, three of experts, one of the vocabulary; engines where attention or vocabulary may be), a store, and
/// a gateway in this process that is their client.
/// </summary>
public sealed class ClusterProcesses : IAsyncDisposable
{
    private const string AttentionRoles = "attention,engine,vocabulary";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly List<HostProcess> _hosts = [];
    private ClusterHost? _gateway;
    private int _added;

    private readonly HostNetwork? _network;

    private ClusterProcesses(bool withLinks)
    {
        _network = withLinks ? new HostNetwork() : null;
        Store = new RedisProcess(withLinks ? HostNetwork.Here : IPAddress.Loopback);
    }

    public RedisProcess Store { get; }

    public IReadOnlyList<HostProcess> Hosts => _hosts;

    public IGenerationClient Client => _gateway!.Client;

    public static string Model => Path.Combine(AppContext.BaseDirectory, "models", "scout-nano");

    /// <summary>Returns when the plan is over all six and a token came.</summary>
    /// <param name="withLinks">Each host in a network of its own, whose link can be cut.</param>
    public static async Task<ClusterProcesses> StartAsync(bool withLinks, CancellationToken cancellation)
    {
        var cluster = new ClusterProcesses(withLinks);
        try
        {
            cluster.Add("seed", "engine,vocabulary,gateway");
            cluster.Add("att1", AttentionRoles);
            cluster.Add("att2", AttentionRoles);
            foreach (var name in (string[])["exp1", "exp2", "exp3"])
                cluster.Add(name, "experts");
            cluster._gateway = await ClusterHost.StartAsync(
                new ClusterHostOptions { Redis = cluster.Store.Address, ModelDirectory = Model, Roles = HostRoles.Gateway, KvBytes = HostProcess.KvBytes }, null, cancellation);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(StartLimit);
            await cluster.PlanAsync(status => status.Plan?.Hosts.Length == 6 && status.Waiting is null, limit.Token);
            return cluster;
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            var logs = cluster.Log();
            await cluster.DisposeAsync();
            throw new TimeoutException($"six hosts were not ready within {StartLimit.TotalSeconds} s:{Environment.NewLine}{logs}", late);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public HostProcess Add(string name, string roles)
    {
        var host = new HostProcess(Store.Address, name, roles, _network?.Add());
        _hosts.Add(host);
        return host;
    }

    /// <summary>One more like the host that is gone.</summary>
    public HostProcess Replace(HostProcess gone)
    {
        Remove(gone);
        return Add($"{gone.Name.Split('-')[0]}-{++_added}", gone.Roles);
    }

    /// <summary>Forgets a host that is gone.</summary>
    public void Remove(HostProcess gone)
    {
        _hosts.Remove(gone);
        gone.Dispose();
    }

    /// <summary>The last lines of all hosts.</summary>
    public string Log() => string.Join(Environment.NewLine, _hosts.Select(host => host.Log()));

    /// <summary>Waits, a minute at most, for a plan with this host.</summary>
    public async Task HasPlanWithAsync(HostProcess host, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await PlanAsync(status => status.Plan?.Hosts.Any(id => id.Name.StartsWith(host.Name, StringComparison.Ordinal)) == true, limit.Token);
    }

    public async Task<ClusterStatus> StatusAsync(CancellationToken cancellation) => await _gateway!.Admin.StatusAsync(cancellation);

    /// <summary>The plan and its hosts in a few lines, or why nobody tells them. Never throws.</summary>
    public async Task<string> DescribeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            var status = await StatusAsync(limit.Token);
            var replicas = (status.Plan?.Replicas ?? []).Select(replica =>
                $"replica {replica.Replica}: engine {replica.Engine}, stages {string.Join(" ", replica.Stages.Select(stage => stage.Host))}, vocabulary {replica.Vocabulary}");
            var hosts = status.Hosts.Select(host => $"{host.Host} {host.Condition} epoch {host.Epoch} {string.Join(" ", host.Engines.Select(engine => engine.ToString()))}");
            return string.Join(Environment.NewLine, [$"epoch {status.Epoch}, leader {status.Leader}, waits for {status.Waiting ?? "nothing"}", .. replicas, .. hosts]);
        }
        catch (Exception error)
        {
            return $"no status: {error.Message}";
        }
    }

    /// <summary>Waits for a status like this.</summary>
    public async Task<ClusterStatus> PlanAsync(Func<ClusterStatus, bool> isWanted, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var status = await StatusAsync(cancellation);
                if (isWanted(status))
                    return status;
            }
            catch (TimeoutException)
            {
                // No leader yet.
            }
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>The process that has this part: experts, attention, engine, vocabulary or leader.</summary>
    public async Task<HostProcess> WithAsync(string part, CancellationToken cancellation)
    {
        var status = await PlanAsync(status => status.Plan is not null, cancellation);
        var replica = status.Plan!.Replicas[0];
        var id = part switch
        {
            "experts" => status.Plan.Layers[0].ExpertGroups[0].Host,
            "attention" => replica.Stages[^1].Host,
            "engine" => replica.Engine,
            "vocabulary" => replica.Vocabulary,
            "leader" => status.Leader,
            _ => throw new ArgumentException($"expected experts, attention, engine, vocabulary or leader, found '{part}'", nameof(part)),
        };
        return _hosts.Single(host => host.Id == status.Hosts.Single(one => one.Host == id).ProcessId);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        foreach (var host in _hosts)
            host.Dispose();
        Store.Dispose();
        _network?.Dispose();
    }
}
