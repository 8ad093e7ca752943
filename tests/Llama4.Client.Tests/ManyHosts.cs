using System.Net;
using Llama4.Client.Tokens;
using Llama4.Cluster;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Gateway.Doors;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Tests;

/// <summary>
/// Several hosts in this process, each with a door for clients, and a client that knows all doors. The first keeps the membership, so it is the one that must not die;
/// it has experts, and serves no chats.
/// </summary>
internal sealed class ManyHosts : IAsyncDisposable
{
    private readonly List<OneOfMany> _hosts = [];
    private readonly LocalPlanRegister _register = new();
    private readonly IPEndPoint _primary = Machine.FreeEndpoint();

    public Llama4ChatClient Client { get; private set; } = null!;

    /// <summary>The host of the one engine.</summary>
    public HostId Engine => Board.Current!.Replicas[0].Engine;

    private PlanBoard Board => _hosts[0].Silo.Services.GetRequiredService<PlanBoard>();

    /// <summary>One host with experts, and as many with all the rest as are asked for.</summary>
    public static async Task<ManyHosts> StartAsync(int chatHosts)
    {
        var hosts = new ManyHosts();
        await hosts.AddAsync(HostRoles.Experts, hostsMin: chatHosts);
        for (var i = 0; i < chatHosts; i++)
        {
            await hosts.AddAsync(HostRoles.Any & ~HostRoles.Experts, hostsMin: chatHosts); // as many as are left when one is lost, which may lead
        }

        await hosts.PlanAsync(plan => plan.Hosts.Length == chatHosts + 1);
        await hosts._hosts.Single(host => host.Model.Id == hosts.Engine).Silo.Services.GetRequiredService<HostAgent>()
            .ServingAsync(CancellationToken.None).WaitAsync(OneHost.Limit);
        hosts.Client = new Llama4ChatClient(new Llama4ClientOptions
        {
            Cluster = new Uri($"tcp://{hosts._hosts[0].Address}"),
            MoreDoors = [.. hosts._hosts.Skip(1).Select(host => host.Address)],
            ConnectLimit = OneHost.Limit,
        });
        return hosts;
    }

    /// <summary>The host that makes the one answer that is in progress; others may not have heard yet that theirs are over.</summary>
    public async Task<HostId> AnsweringAsync()
    {
        using var limit = new CancellationTokenSource(OneHost.Limit);
        while (_hosts.Count(host => host.Door.Answers > 0) != 1)
        {
            await Task.Delay(10, limit.Token);
        }

        return _hosts.First(host => host.Door.Answers > 0).Model.Id;
    }

    /// <summary>Stops a host without a word, as far as one can in a process: its agent is silent from now on.</summary>
    public async Task KillAsync(HostId id)
    {
        var host = _hosts.Single(one => one.Model.Id == id);
        _hosts.Remove(host);
        await host.Silo.Services.GetRequiredService<HostAgent>().DisposeAsync();
        await host.Silo.StopAsync();
        host.Silo.Dispose();
        await host.Door.DisposeAsync();
        await host.Model.DisposeAsync();
    }

    /// <summary>Its answers go on elsewhere, as when it is told to leave and they take too long.</summary>
    public Task CloseAsync(HostId id) => _hosts.Single(one => one.Model.Id == id).Door.CloseAsync(TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        foreach (var host in _hosts)
        {
            await host.Door.DisposeAsync();
            await host.Silo.Services.GetRequiredService<HostAgent>().DisposeAsync();
        }

        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.Silo.StopAsync();
            host.Silo.Dispose();
            await host.Model.DisposeAsync();
        }
    }

    private async Task AddAsync(HostRoles roles, int hostsMin)
    {
        var checkpoint = Checkpoint.Open(OneHost.Directory);
        var limits = new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions };
        var model = new ModelHost(new HostId($"host-{_hosts.Count}"), checkpoint, CpuDevice.Create(1), ComputeMode.Bf16, limits, 32 << 20, progress: null);
        var (own, address) = (_hosts.Count == 0 ? _primary : Machine.FreeEndpoint(), Machine.FreeEndpoint());
        var door = new ChatDoor();
        var silo = SiloSetup.Build(model.Id, own, address.Port, SiloSetup.Development(_primary), tls: null, logging: null, more =>
        {
            var description = HostDescriptions.Of(model, own, roles, 1L << 30) with { ClientAddress = address.ToString() };
            more.AddModelHost(model, new HostAgentOptions(description, Replicas: 1, Standbys: 0, ExpertGroups: 1) { HostsMin = hostsMin });
            more.Services.AddSingleton<IPlanRegister>(_register).AddSingleton(door);
        });
        await silo.StartAsync();
        silo.Services.GetRequiredService<HostAgent>().Start();
        var grains = silo.Services.GetRequiredService<IGrainFactory>();
        if (roles.HasFlag(HostRoles.Gateway))
        {
            var client = new GenerationClient(replica => new DirectWay(grains, replica), silo.Services.GetRequiredService<PlanBoard>());
            door.Open(OneHost.Gateway with { ContextTokensMax = model.TokensMax }, client, logging => logging.ClearProviders());
        }

        _hosts.Add(new OneOfMany(silo, model, door, address));
    }

    private async Task PlanAsync(Func<PlacementPlan, bool> isWanted)
    {
        using var limit = new CancellationTokenSource(OneHost.Limit);
        while (true)
        {
            var changed = Board.Changed;
            if (Board.Current is { } plan && isWanted(plan))
            {
                return;
            }

            await changed.WaitAsync(limit.Token);
        }
    }

    private sealed record OneOfMany(IHost Silo, ModelHost Model, ChatDoor Door, IPEndPoint Address);
}
