using Llama4.Cluster.Client;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llama4.Cluster.Tests;

/// <summary>
/// Two silos with a device each, joined over loopback: attention, vocabulary and engine on the first, the even expert groups on the first
/// and the odd ones on the second. The plan is laid by hand; rows cross as messages.
/// </summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    private readonly List<(IHost Silo, ModelHost Host)> _hosts;
    private readonly GenerationClient _client;

    private TwoHosts(List<(IHost Silo, ModelHost Host)> hosts)
    {
        _hosts = hosts;
        _client = new GenerationClient(Grains);
    }

    public IGenerationClient Client => _client;

    public IGrainFactory Grains => _hosts[0].Silo.Services.GetRequiredService<IGrainFactory>();

    public static async Task<TwoHosts> StartAsync(string model, ComputeMode mode, int groups)
    {
        var primary = SiloSetup.FreeEndpoint();
        var hosts = new List<(IHost Silo, ModelHost Host)>();
        for (var i = 0; i < 2; i++)
        {
            var checkpoint = Checkpoint.Open(model);
            var limits = new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions };
            var kv = KvPlan.Sizes(KvPlan.Needs(checkpoint.Config, mode, limits), bytes: 32 << 20);
            var host = new ModelHost(new HostId($"host-{i}"), checkpoint, CpuDevice.Create(1), mode, kv, progress: null);
            var own = i == 0 ? primary : SiloSetup.FreeEndpoint();
            var silo = SiloSetup.Build(host, limits, new ClusterShape(groups, long.MaxValue), own, primary, logging: null, more: null);
            await silo.StartAsync();
            hosts.Add((silo, host));
        }
        var two = new TwoHosts(hosts);
        await two.LoadAsync(groups);
        return two;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (var (silo, host) in Enumerable.Reverse(_hosts))
        {
            await silo.StopAsync();
            silo.Dispose();
            await host.DisposeAsync();
        }
    }

    private async Task LoadAsync(int groups)
    {
        var (first, second) = (_hosts[0].Host.Id, _hosts[1].Host.Id);
        var config = _hosts[0].Host.Config;
        var each = config.Experts / groups;
        var plan = new PlacementPlan(1, first, first, [.. config.Layers.Select(layer => new LayerPlacement(layer.Index, first,
            layer.IsMoe ? [.. Enumerable.Range(0, groups).Select(group => new ExpertGroupPlacement(group, group * each, each, group % 2 == 0 ? first : second))] : []))]);
        foreach (var (silo, _) in _hosts)
            silo.Services.GetRequiredService<PlanBoard>().Publish(plan);
        await Grains.GetVocabulary(0).LoadAsync(1);
        foreach (var layer in plan.Layers)
        {
            await Grains.GetAttention(0, layer.Layer).LoadAsync(1);
            foreach (var group in layer.ExpertGroups)
                await Grains.GetExpertGroup(layer.Layer, group.Group).LoadAsync(1);
        }
        await Grains.GetCoordinator(0, 0).LoadAsync(1);
        await Grains.GetEngine(0).LoadAsync(1);
    }
}
