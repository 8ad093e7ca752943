using Llama4.Client.Tokens;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Client;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Metrics;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster;

/// <summary>The whole cluster in this process: one silo, one host, one device. Its grains are those that many hosts run.</summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private readonly IHost _silo;
    private readonly ModelHost _host;
    private readonly GenerationClient _client;

    private EmbeddedCluster(IHost silo, ModelHost host)
    {
        _silo = silo;
        _host = host;
        var (grains, board) = (silo.Services.GetRequiredService<IGrainFactory>(), silo.Services.GetRequiredService<PlanBoard>());
        _client = new GenerationClient(replica => new DirectWay(grains, replica), board);
        Watch = new ClusterAdmin(grains, board);
    }

    public IGenerationClient Client => _client;

    public IClusterWatch Watch { get; }

    public Llama4Config Config => _host.Config;

    public DeviceDescription Device => _host.Device.Description;

    public SchedulerLimits Limits => _host.Limits;

    /// <summary>Most tokens of a sequence, prompt and answer together: the model's context, or what the KV memory holds.</summary>
    public int TokensMax => _host.TokensMax;

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _host.Weights.WeightBytes;

    /// <summary>Bytes of the KV pools over all layers.</summary>
    public long KvBytes => _host.KvBytes;

    /// <summary>Starts the silo, makes the plan and has every grain load its part; returns when a request can be submitted.</summary>
    /// <param name="progress">The share of the weights that is loaded, 0 to 1, from any thread.</param>
    /// <exception cref="CheckpointException">The model cannot be loaded; nothing is left behind.</exception>
    public static async Task<EmbeddedCluster> StartAsync(
        EmbeddedClusterOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var checkpoint = Checkpoint.Open(options.ModelDirectory);
        ModelHost? host = null;
        IHost? silo = null;
        try
        {
            var limits = options.Limits?.Invoke(checkpoint.Config.MaxPositions) ?? new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions };
            host = new ModelHost(
                new HostId("host-0"), checkpoint, options.Device?.Invoke() ?? CpuDevice.Create(options.Threads), options.Mode, limits, options.KvBytes, progress, cancellation);
            // To its end, a second or two: Orleans logs a start that is broken off as its own failure, and cannot be stopped after it.
            (silo, _) = await FreePorts.StartAsync(
                own => SiloSetup.Build(host.Id, own, options.ClientPort, SiloSetup.Development(own), tls: null, logging => Log(logging, options.Logging), builder =>
                {
                    builder.AddModelHost(host, new HostAgentOptions(HostDescriptions.Of(host, own), Replicas: 1, Standbys: 0, options.ExpertGroups) { IsAlone = true });
                    builder.Services.AddSingleton<IPlanRegister, LocalPlanRegister>();
                    options.Services?.Invoke(builder.Services);
                    options.Silo?.Invoke(builder);
                }),
                CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            silo.Services.GetRequiredService<HostMeter>();
            var agent = silo.Services.GetRequiredService<HostAgent>();
            agent.Start();
            await agent.ServingAsync(cancellation);
            return new EmbeddedCluster(silo, host);
        }
        catch
        {
            await StopAsync(silo, host);
            if (host is null)
                checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Who leads, and by which plan, is news among many hosts only.</summary>
    private static void Log(ILoggingBuilder logging, Action<ILoggingBuilder>? more)
    {
        more?.Invoke(logging);
        logging.AddFilter("Llama4.Cluster.Agents", LogLevel.Warning);
    }

    /// <summary>Ends what still runs with an error its client sees, then stops the silo and frees the device.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await StopAsync(_silo, _host);
    }

    /// <param name="silo">One that ran.</param>
    private static async ValueTask StopAsync(IHost? silo, ModelHost? host)
    {
        try
        {
            if (silo is not null)
            {
                await silo.Services.GetRequiredService<HostAgent>().DisposeAsync();
                await silo.StopAsync();
                silo.Dispose();
            }
        }
        finally
        {
            if (host is not null)
                await host.DisposeAsync();
        }
    }
}
