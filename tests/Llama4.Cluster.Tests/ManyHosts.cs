using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests;

/// <summary>
/// Several hosts in this process: a silo with a device each, joined over loopback, with the real agents, leader and plans. The first keeps the
/// membership, so it is the one that must not die.
/// </summary>
internal sealed class ManyHosts : IAsyncDisposable
{
    /// <summary>Of a replica, over all layers.</summary>
    public const long KvBytes = 32 << 20;

    private readonly List<(IHost Silo, ModelHost Host)> _hosts = [];
    private readonly LocalPlanRegister _register = new();
    private readonly ManyHostsOptions _options;
    private GenerationClient? _client;
    private int _started;

    private ManyHosts(ManyHostsOptions options) => _options = options;

    public IGenerationClient Client => _client!;

    public IClusterAdmin Admin => new ClusterAdmin(Grains, Board(0));

    public IClusterWatch Watch => new ClusterAdmin(Grains, Board(0));

    public IGrainFactory Grains => _hosts[0].Silo.Services.GetRequiredService<IGrainFactory>();

    public IReadOnlyList<HostId> Ids => [.. _hosts.Select(host => host.Host.Id)];

    public PlacementPlan Plan => Board(0).Current!;

    public HostId Leader => Board(0).Leader!.Value;

    /// <summary>Starts one host for each of the roles and waits for the plan over all of them.</summary>
    public static async Task<ManyHosts> StartAsync(ManyHostsOptions options)
    {
        var hosts = new ManyHosts(options);
        foreach (var roles in options.Roles)
            await hosts.AddAsync(roles, hostsMin: options.Roles.Length);
        if (options.AnotherLeads)
        {
            await WhenAsync(hosts.Board(1), board => board.Leader is not null);
            hosts.Agent(hosts.Ids[0]).Start();
        }
        hosts._client = new GenerationClient(replica => new DirectWay(hosts.Grains, replica), hosts.Board(0));
        var plan = await hosts.PlanAsync(plan => plan.Hosts.Length == options.Roles.Length);
        foreach (var replica in plan.Replicas)
            await hosts.Agent(replica.Engine).ServingAsync(CancellationToken.None).WaitAsync(Answers.Limit);
        return hosts;
    }

    /// <summary>One more host joins.</summary>
    public async Task<HostId> AddAsync(HostRoles roles, int hostsMin = 1)
    {
        var checkpoint = Checkpoint.Open(_options.Model);
        var limits = new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions, LastKvMax = _options.LastKvMax };
        var id = new HostId($"host-{_started++}");
        var host = new ModelHost(id, checkpoint, CpuDevice.Create(1), _options.Mode, limits, KvBytes, progress: null);
        var own = Machine.FreeEndpoint();
        var primary = _hosts.Count == 0 ? own : _primary!;
        _primary = primary;
        var silo = SiloSetup.Build(id, own, clientPort: 0, SiloSetup.Development(primary), tls: null, logging: null, more =>
        {
            more.AddModelHost(host, new HostAgentOptions(
                HostDescriptions.Of(host, own, roles, _options.BytesOf(roles, _options.Bytes)), _options.Replicas, _options.Standbys, _options.Groups) { HostsMin = hostsMin, Load = _options.Load, Ranges = _options.Ranges });
            more.Services.AddSingleton<IPlanRegister>(_register);
            if (_options.Calls is { } calls)
                more.AddIncomingGrainCallFilter(calls);
        });
        await silo.StartAsync();
        _hosts.Add((silo, host));
        if (!_options.AnotherLeads || _hosts.Count > 1)
            Agent(id).Start();
        return id;
    }

    /// <summary>As an operator who asks again when told to, since the lead moves or a host was missed a moment ago.</summary>
    public async Task DrainAsync(HostId host)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        while (true)
        {
            try
            {
                await Admin.DrainAsync(host, limit.Token);
                return;
            }
            catch (ClusterRequestException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    /// <summary>Waits until a plan like this is in force at the first host.</summary>
    public async Task<PlacementPlan> PlanAsync(Func<PlacementPlan, bool> isWanted)
    {
        PlacementPlan? found = null;
        await WhenAsync(Board(0), board => (found = board.Current) is not null && isWanted(found));
        return found!;
    }

    /// <summary>What came of it under one plan, and that plan: begun again where the plan changed meanwhile, as it does when a slow machine misses a host.</summary>
    public async Task<(PlacementPlan Plan, T Result)> UndisturbedAsync<T>(Func<Task<T>> doAsync)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        while (true)
        {
            var plan = Plan;
            var result = await doAsync();
            if (Plan.Epoch == plan.Epoch)
                return (plan, result);
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The host's own agent; what only that process would see.</summary>
    public HostAgent Agent(HostId host) => _hosts.Single(one => one.Host.Id == host).Silo.Services.GetRequiredService<HostAgent>();

    /// <summary>Rows that the host's experts ran.</summary>
    public ExpertCounts Counts(HostId host) => _hosts.Single(one => one.Host.Id == host).Silo.Services.GetRequiredService<ExpertCounts>();

    public ModelHost Host(HostId host) => _hosts.Single(one => one.Host.Id == host).Host;

    /// <summary>Stops a host without a word, as far as one can in a process: its agent is silent from now on.</summary>
    public async Task KillAsync(HostId host)
    {
        var index = _hosts.FindIndex(one => one.Host.Id == host);
        var (silo, model) = _hosts[index];
        _hosts.RemoveAt(index);
        await silo.Services.GetRequiredService<HostAgent>().DisposeAsync();
        await silo.StopAsync();
        silo.Dispose();
        await model.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        foreach (var (silo, _) in _hosts)
            await silo.Services.GetRequiredService<HostAgent>().DisposeAsync();
        foreach (var (silo, host) in Enumerable.Reverse(_hosts))
        {
            await silo.StopAsync();
            silo.Dispose();
            await host.DisposeAsync();
        }
    }

    private static async Task WhenAsync(PlanBoard board, Predicate<PlanBoard> isSo)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        while (true)
        {
            var changed = board.Changed;
            if (isSo(board))
                return;
            await changed.WaitAsync(limit.Token);
        }
    }

    private System.Net.IPEndPoint? _primary;

    private PlanBoard Board(int index) => _hosts[index].Silo.Services.GetRequiredService<PlanBoard>();
}

/// <param name="Roles">One host each.</param>
public sealed record ManyHostsOptions(string Model, params HostRoles[] Roles)
{
    public ComputeMode Mode { get; init; } = ComputeMode.Bf16;

    /// <summary>The first host, which must not die, takes part when another has the lead.</summary>
    public bool AnotherLeads { get; init; }

    /// <summary>Where one host has all experts of a layer.</summary>
    public int Groups { get; init; } = 1;

    public int Replicas { get; init; } = 1;

    public int Standbys { get; init; }

    public ExpertLoadLimits Load { get; init; } = new();

    public RangeBalanceLimits Ranges { get; init; } = new();

    public TimeSpan LastKvMax { get; init; } = new SchedulerLimits { ContextMax = 1 }.LastKvMax;

    /// <summary>Sees the calls that come to grains of all hosts; null for nobody.</summary>
    public IIncomingGrainCallFilter? Calls { get; init; }

    /// <summary>What each host may hold.</summary>
    public long Bytes { get; init; } = 1L << 30;

    /// <summary>What those that may have the vocabulary may hold more.</summary>
    public long VocabularyBytes { get; init; }

    /// <param name="bytes">What each host may hold.</param>
    public long BytesOf(HostRoles roles, long bytes) => bytes + (roles.HasFlag(HostRoles.Vocabulary) ? VocabularyBytes : 0);

    /// <summary>The least memory of each host with which there is a plan.</summary>
    public long LeastBytes() => LeastMemory.Of(
        Model, Mode, ManyHosts.KvBytes, Bytes,
        bytes => [.. Roles.Select((roles, i) => new HostCapacity(new HostId($"host-{i}"), BytesOf(roles, bytes)) { Roles = roles })],
        request => request with { Replicas = Replicas, GroupsOnOneHost = Groups });
}

/// <summary>One after the other: they fill the machine, and count what the whole process holds.</summary>
[CollectionDefinition(nameof(ManyHosts), DisableParallelization = true)]
public class ManyHostsCollection;
