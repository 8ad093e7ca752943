using System.Net;
using System.Net.Sockets;
using Llama4.Client.Connection;
using Llama4.Client.Transport;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Metrics;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Cluster.Transport;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace Llama4.Cluster.Hosting;

/// <summary>An Orleans silo as this project uses it: grains on the hosts their keys name, and nothing that moves a grain behind the plan's back.</summary>
internal static class SiloSetup
{
    /// <param name="own">Where other silos reach it.</param>
    /// <param name="membership">How silos find each other.</param>
    /// <param name="clientPort">Where clients reach it; 0 for no door but the process itself.</param>
    /// <param name="tls">Null for bare TCP between hosts.</param>
    /// <param name="logging">Where the silo's log goes; null for nowhere.</param>
    /// <param name="more">Further settings; null for none.</param>
    public static IHost Build(
        HostId id, IPEndPoint own, int clientPort, Action<ISiloBuilder> membership, ClusterTls? tls, Action<ILoggingBuilder>? logging,
        Action<ISiloBuilder>? more)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // Its first check compares with the machine's start, and warns of a stall as long as the machine has been up.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.Logging.QuietOrleans();
        logging?.Invoke(builder.Logging);
        builder.Services
            .AddSingleton<PlanBoard>()
            .AddSingleton<Links>()
            .AddSingleton<RemoteCalls>()
            .AddSingleton<ExpertCalls>()
            .AddSingleton<StepFence>()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IHostLifetime, OwnersLifetime>()
            .AddSingleton<FatalErrors>()
            .AddSingleton<IFatalErrorHandler>(services => services.GetRequiredService<FatalErrors>())
            .AddHostLocal()
            .AddGrainDirectory(HostDirectory.Name, (_, _) => new HostDirectory())
            .AddPlacementDirector<OnHost, OnHostDirector>();
        // What fails on one host is told on another by its own name.
        builder.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Llama4"));
        builder.UseOrleans(silo =>
        {
            membership(silo);
            silo.ConfigureEndpoints(own.Address, own.Port, clientPort);
            silo.Configure<SiloOptions>(options => options.SiloName = id.Name);
            // How busy silos are is told for placement by load, which there is none of here: N hosts would tell each other N² times a second.
            silo.Configure<DeploymentLoadPublisherOptions>(options => options.DeploymentLoadPublisherRefreshTime = TimeSpan.Zero);
            silo.UseLargeBlocks(tls);
            more?.Invoke(silo);
        });
        return builder.Build();
    }

    /// <summary>What the grains of a host with a device need.</summary>
    public static void AddModelHost(this ISiloBuilder silo, ModelHost host, HostAgentOptions options)
    {
        silo.Services
            .AddSingleton(host)
            .AddSingleton(host.Limits)
            .AddSingleton(services => new ExpertCounts(host.Config.Layers.Count, host.Config.Experts, services.GetRequiredService<TimeProvider>()))
            .AddSingleton(services => new RoutedTokens(host.Config.Layers.Count, host.Config.Experts, services.GetRequiredService<TimeProvider>(), host.Device)
            {
                Ran = services.GetRequiredService<ExpertCounts>(),
            })
            .AddMetrics()
            .AddSingleton<EnginesHere>()
            .AddSingleton<StepMeter>()
            .AddSingleton<LinkMeter>()
            .AddSingleton<HostMeter>()
            .AddSingleton(options)
            .AddSingleton(new PlanMaker(options, ModelShapes.Of(host.Config, host.Mode.Activations()), WorkOf(host)))
            .AddSingleton<IHostParts>(host.Weights)
            .AddSingleton<IMembers, SiloMembers>()
            .AddSingleton<HostAgent>();
    }

    private static PlanWork WorkOf(ModelHost host) =>
        new(host.Limits.ContextMax, host.Limits.SequencesMax, KvPositions.Of(host.Kv)) { RowsMax = host.Limits.TokensPerStepMax };

    /// <summary>Membership in memory, kept by the silo at <paramref name="primary"/>; loopback.</summary>
    public static Action<ISiloBuilder> Development(IPEndPoint primary) => silo => silo
        .UseDevelopmentClustering(primary)
        .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("llama4", "llama4"));

    /// <summary>A free port of an interface. Another program may take it before it is used: who binds it tries again.</summary>
    public static IPEndPoint FreeEndpoint(IPAddress? address = null)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
