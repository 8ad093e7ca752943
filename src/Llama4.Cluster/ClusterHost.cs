using System.Net;
using System.Net.Sockets;
using Llama4.Client.Connection;
using Llama4.Client.Tokens;
using Llama4.Client.Transport;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Metrics;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Compute;
using Llama4.Compute.Measure;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using StackExchange.Redis;

namespace Llama4.Cluster;

/// <summary>This process's part in a cluster of many: a silo with a device, or, with the gateway's role alone, a client of the others.</summary>
public sealed class ClusterHost : IAsyncDisposable
{
    /// <summary>A silo takes its name from the membership in a moment; where the store is gone it tries for two minutes.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private static readonly Task<string> Never = new TaskCompletionSource<string>().Task;

    private readonly IHost _orleans;
    private readonly ModelHost? _host;
    private readonly IConnectionMultiplexer _redis;
    private readonly GenerationClient _client;

    private ClusterHost(
        IHost orleans, ModelHost? host, IConnectionMultiplexer redis, GenerationClient client, ClusterAdmin admin, IPlanSource plans, Llama4Config config, int tokensMax)
    {
        (_orleans, _host, _redis, _client) = (orleans, host, redis, client);
        (Admin, Watch, Config, TokensMax) = (admin, admin, config, tokensMax);
        Health = new HostHealth(Lost, plans, Agent);
    }

    /// <summary>Null for a gateway that is a client only.</summary>
    public HostId? Id => _host?.Id;

    /// <summary>Where other hosts reach this one; null for a gateway that is a client only.</summary>
    public string? Address => Agent?.Description.Address;

    /// <summary>Most bytes of weights, keys, values and buffers that a plan gives to this host; 0 for a gateway that is a client only.</summary>
    public long MemoryBytes => Agent?.Description.Bytes ?? 0;

    /// <summary>Completes, with the reason in one line, when this host cannot stay in its cluster: the others declared it dead while it was frozen, say. The process is to end then.</summary>
    public Task<string> Lost => _orleans.Services.GetService<FatalErrors>()?.Fatal ?? Never;

    /// <summary>For probes.</summary>
    public HostHealth Health { get; }

    public IGenerationClient Client => _client;

    public IClusterAdmin Admin { get; }

    public IClusterWatch Watch { get; }

    public Llama4Config Config { get; }

    /// <summary>Most tokens of a sequence, prompt and answer together.</summary>
    public int TokensMax { get; }

    private HostAgent? Agent => _host is null ? null : _orleans.Services.GetRequiredService<HostAgent>();

    /// <summary>Joins the cluster; returns when this process is a member (what it owns is loaded later, by plan).</summary>
    /// <param name="progress">The share of this host's own weights that is loaded, 0 to 1, from any thread.</param>
    /// <exception cref="ClusterRequestException">The store does not answer, or a host of the cluster does not fit; one line.</exception>
    /// <exception cref="CheckpointException">The model is not what it should be.</exception>
    public static async Task<ClusterHost> StartAsync(
        ClusterHostOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var address = RedisAddress.Parse(options.Redis, options.TlsAuthority);
        var redis = await SiloMembership.ConnectAsync(address, cancellation);
        try
        {
            return options.Roles == HostRoles.Gateway
                ? await StartClientAsync(options, address, redis, cancellation)
                : await StartSiloAsync(options, address, redis, progress, cancellation);
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>Moves what this host owns to others and returns when no stream needs it, or when the time is over.</summary>
    public async Task LeaveAsync(TimeSpan limit, CancellationToken cancellation)
    {
        if (Agent is { } agent)
            await agent.LeaveAsync(limit, cancellation);
    }

    /// <summary>Where the store is gone the silo is left as it is after <see cref="StopLimit"/>: the process is to end, and others notice.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (Agent is { } agent)
            await agent.DisposeAsync();
        try
        {
            await _orleans.StopAsync().WaitAsync(StopLimit);
        }
        catch (TimeoutException)
        {
            return;
        }
        _orleans.Dispose();
        if (_host is not null)
            await _host.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private static async Task<ClusterHost> StartClientAsync(
        ClusterHostOptions options, ConfigurationOptions address, IConnectionMultiplexer redis, CancellationToken cancellation)
    {
        var config = Llama4Config.Load(Path.Combine(options.ModelDirectory, "config.json"));
        var limits = new SchedulerLimits { ContextMax = config.MaxPositions };
        var kv = KvPlan.Sizes(KvPlan.Needs(config, ComputeMode.Bf16, limits), options.KvBytes);
        var tokensMax = (int)Math.Min(limits.ContextMax, new KvMemory(kv).PositionsMax + 1L);
        using var start = CancellationTokenSource.CreateLinkedTokenSource(cancellation); // of the start alone: what fails later is logged, whoever asked for an end
        var orleans = ClientSetup.Build(ClientMembership.Redis(address, options.ClusterId), TlsOf(options), options.Logging, start.Token);
        try
        {
            await orleans.StartAsync(start.Token);
        }
        catch
        {
            orleans.Dispose();
            throw;
        }
        var directory = orleans.Services.GetRequiredService<PlanWatch>();
        var grains = orleans.Services.GetRequiredService<IGrainFactory>();
        return new ClusterHost(orleans, null, redis, new GenerationClient(replica => new DoorWay(grains, replica), directory), new ClusterAdmin(grains, directory), directory, config, tokensMax);
    }

    private static async Task<ClusterHost> StartSiloAsync(
        ClusterHostOptions options, ConfigurationOptions address, IConnectionMultiplexer redis, IProgress<double>? progress, CancellationToken cancellation)
    {
        var checkpoint = Checkpoint.Open(options.ModelDirectory);
        if (KubernetesPod.OfEnvironment(Environment.GetEnvironmentVariable) is { } pod)
            options = options with { Name = options.Name ?? pod.Name, Advertise = options.Advertise ?? pod.Address };
        var id = HostNames.New(options.Name);
        var limits = new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions };
        var host = new ModelHost(id, checkpoint, CpuDevice.Create(options.Threads), ComputeMode.Bf16, limits, options.KvBytes, progress, cancellation);
        try
        {
            var own = options.Advertise ?? await SiloMembership.AddressTowardsAsync(address.EndPoints[0]);
            var silo = await StartSiloAsync(options, address, redis, host, own);
            silo.Services.GetRequiredService<HostMeter>();
            var agent = silo.Services.GetRequiredService<HostAgent>();
            agent.Start();
            var grains = silo.Services.GetRequiredService<IGrainFactory>();
            var board = silo.Services.GetRequiredService<PlanBoard>();
            return new ClusterHost(silo, host, redis, new GenerationClient(replica => new DirectWay(grains, replica), board), new ClusterAdmin(grains, board), board, host.Config, host.TokensMax);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static async Task<IHost> StartSiloAsync(
        ClusterHostOptions options, ConfigurationOptions address, IConnectionMultiplexer redis, ModelHost host, IPAddress own)
    {
        var measured = MachineProbe.Glance(host.Device.Description.Threads);
        int[] fixedPorts = [.. ((int[])[options.SiloPort, options.GatewayPort]).Where(port => port > 0)];
        for (var tries = 1; ; tries++)
        {
            var endpoint = options.SiloPort > 0 ? new IPEndPoint(own, options.SiloPort) : SiloSetup.FreeEndpoint(own);
            var door = options.GatewayPort > 0 ? new IPEndPoint(own, options.GatewayPort) : SiloSetup.FreeEndpoint(own);
            var description = HostDescriptions.Of(host, options, endpoint, measured) with { ClientAddress = door.ToString() };
            var silo = SiloSetup.Build(
                host.Id, endpoint, door.Port, Membership, TlsOf(options), options.Logging, silo =>
                {
                    silo.AddModelHost(host, new HostAgentOptions(description, options.Replicas, options.Standbys, ExpertGroups: 1));
                    silo.Services.AddSingleton<IPlanRegister>(services =>
                        new RedisPlanRegister(redis, services.GetRequiredService<Serializer<PlanRecord>>(), options.ClusterId));
                    options.Services?.Invoke(silo.Services);
                });
            try
            {
                await silo.StartAsync(CancellationToken.None);
                return silo;
            }
            catch (Exception error) when (FreePorts.IsInUse(error))
            {
                silo.Dispose();
                if (fixedPorts.Length > 0)
                    throw new ClusterRequestException($"port {string.Join(" or ", fixedPorts)} of {own} is in use by another program; choose another --silo-port and --gateway-port, or 0 for free ones");
                if (tries == FreePorts.TriesMax)
                    throw new ClusterRequestException($"no free port could be had at {own} in {tries} tries");
            }
            catch
            {
                silo.Dispose();
                throw;
            }
        }

        void Membership(ISiloBuilder silo)
        {
            if (KubernetesPod.OfEnvironment(Environment.GetEnvironmentVariable) is not null)
                KubernetesPod.AddTo(silo);
            SiloMembership.Redis(address, options.ClusterId)(silo);
        }
    }

    private static ClusterTls? TlsOf(ClusterHostOptions options) => (options.TlsCertificate, options.TlsAuthority) switch
    {
        (null, null) => null,
        ({ } certificate, { } authority) => new ClusterTls(certificate, authority),
        _ => throw new ClusterRequestException("TLS between hosts needs both this host's certificate and the authority's"),
    };
}
