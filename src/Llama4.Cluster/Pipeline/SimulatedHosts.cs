using System.Net;
using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Compute.Testing;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Llama4.Cluster.Pipeline;

/// <summary>
/// Many hosts in this process, each with a silo, a simulated device and the real grains, engine and scheduler, joined over loopback sockets. Its plan is
/// put in force by hand and does not change: hosts do not watch each other here, since what is looked at is the data path.
/// </summary>
public sealed class SimulatedHosts : IAsyncDisposable
{
    /// <summary>Silos that start at once: more of them would run into each other's time limits where cores are few.</summary>
    private const int StartedAtOnce = 8;

    private readonly List<(IHost Silo, ModelHost Host, SimulatedDevice Device)> _hosts = [];
    private GenerationClient? _client;

    private SimulatedHosts()
    {
    }

    public IGenerationClient Client => _client!;

    public PlacementPlan Plan { get; private set; } = null!;

    /// <summary>By host, in the order of the plan's.</summary>
    public IReadOnlyDictionary<HostId, SimulatedDevice> Devices => _hosts.ToDictionary(host => host.Host.Id, host => host.Device);

    /// <exception cref="PlacementException">The model does not fit the hosts.</exception>
    public static async Task<SimulatedHosts> StartAsync(SimulatedHostsOptions options, CancellationToken cancellation)
    {
        var hosts = new SimulatedHosts();
        try
        {
            HostId[] ids = [.. Enumerable.Range(0, options.Hosts).Select(i => new HostId($"host-{i:00}"))];
            IPEndPoint? primary = null; // the first host, which keeps the membership
            for (var started = 0; started < ids.Length;)
            {
                cancellation.ThrowIfCancellationRequested();
                var next = ids.Skip(started).Take(started == 0 ? 1 : StartedAtOnce).ToArray();
                started += next.Length;
                var starts = next.Select(id => StartHostAsync(options, id, primary)).ToArray();
                await ((Task)Task.WhenAll(starts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                hosts._hosts.AddRange(starts.Where(start => start.IsCompletedSuccessfully).Select(start => start.Result.Started)); // also beside a failure: they are to end
                primary ??= (await starts[0]).Own;
                await Task.WhenAll(starts);
            }
            await hosts.JoinedAsync(cancellation);
            await hosts.ServeAsync(options, ids, cancellation);
            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        foreach (var some in Enumerable.Reverse(_hosts.Skip(1)).Chunk(StartedAtOnce).Append([.. _hosts.Take(1)]))
        {
            await Task.WhenAll(some.Select(async host =>
            {
                await host.Silo.StopAsync();
                host.Silo.Dispose();
                await host.Host.DisposeAsync();
            }));
        }
        _hosts.Clear();
    }

    /// <param name="primary">Null for the first.</param>
    /// <returns>A host that runs, and where.</returns>
    private static async Task<((IHost Silo, ModelHost Host, SimulatedDevice Device) Started, IPEndPoint Own)> StartHostAsync(SimulatedHostsOptions options, HostId id, IPEndPoint? primary)
    {
        var device = new SimulatedDevice(options.Clock, options.Times, options.Device);
        var host = ModelHostOf(options, id, device);
        try
        {
            var (silo, own) = await FreePorts.StartAsync(own => Build(options, host, own, primary ?? own));
            return ((silo, host, device), own);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static ModelHost ModelHostOf(SimulatedHostsOptions options, HostId id, SimulatedDevice device)
    {
        var checkpoint = Checkpoint.Open(options.ModelDirectory);
        var limits = new SchedulerLimits
        {
            ContextMax = options.Context,
            SequencesMax = options.Sequences,
            QueueMax = Math.Max(256, options.Sequences),
            QueuePerCallerMax = Math.Max(64, options.Sequences),
            TokensPerStepMax = Math.Max(512, options.Sequences),
            MicroBatchesMax = options.MicroBatches ?? Math.Max(1, options.Sequences),
        };
        var needs = KvPlan.Needs(checkpoint.Config, ComputeMode.Bf16, limits);
        return new ModelHost(id, checkpoint, device, ComputeMode.Bf16, limits, KvBudget.Bytes(needs, KvBudget.Most(needs)), progress: null);
    }

    private static IHost Build(SimulatedHostsOptions options, ModelHost host, IPEndPoint own, IPEndPoint primary) =>
        SiloSetup.Build(host.Id, own, clientPort: 0, SiloSetup.Development(primary), tls: null, logging: null, more =>
        {
            more.AddModelHost(host, new HostAgentOptions(HostDescriptions.Of(host, own), Replicas: 1, Standbys: 0, ExpertGroups: 1));
            more.Services.AddSingleton<IPlanRegister, LocalPlanRegister>();
            if (options.LinkDelay > TimeSpan.Zero)
                more.AddOutgoingGrainCallFilter(new LinkDelay(host.Id, options.Clock, (long)options.LinkDelay.TotalNanoseconds));
        });

    /// <summary>Every silo knows every other one.</summary>
    private async Task JoinedAsync(CancellationToken cancellation)
    {
        foreach (var (silo, _, _) in _hosts)
        {
            var membership = silo.Services.GetRequiredService<IClusterMembershipService>();
            if (IsComplete(membership.CurrentSnapshot))
                continue;
            await membership.Refresh();
            if (IsComplete(membership.CurrentSnapshot))
                continue;
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(cancellation))
            {
                if (IsComplete(snapshot))
                    break;
            }
        }

        bool IsComplete(ClusterMembershipSnapshot snapshot) => snapshot.Members.Values.Count(member => member.Status == SiloStatus.Active) == _hosts.Count;
    }

    /// <summary>What the leader and the hosts' agents do for a plan that never changes: every host loads its part, then the plan is in force, then the engine goes on.</summary>
    private async Task ServeAsync(SimulatedHostsOptions options, HostId[] ids, CancellationToken cancellation)
    {
        var first = _hosts[0].Host;
        Plan = SimulatedLayout.Plan(options, first.Config, first.Kv, ids);
        var replica = Plan.Replicas[0];
        foreach (var (silo, host, _) in _hosts)
        {
            await host.Weights.EnsureAsync(Plan, cancellation);
            var grains = silo.Services.GetRequiredService<IGrainFactory>();
            foreach (var stage in replica.Stages.Where(stage => stage.Host == host.Id))
            {
                for (var layer = stage.FirstLayer; layer < stage.FirstLayer + stage.Layers; layer++)
                    await grains.GetAttention(replica.Replica, layer, host.Id).PrepareAsync();
            }
        }
        foreach (var (silo, _, _) in _hosts)
            silo.Services.GetRequiredService<PlanBoard>().Publish(Plan);
        var engine = _hosts.Single(host => host.Host.Id == replica.Engine).Silo;
        var client = engine.Services.GetRequiredService<IGrainFactory>();
        await client.GetEngine(replica.Replica, replica.Engine).ResumeAsync(Plan.Epoch, held: null);
        _client = new GenerationClient(replica => new DirectWay(client, replica), engine.Services.GetRequiredService<PlanBoard>());
    }
}
