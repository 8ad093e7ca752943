using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Transport;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace Llama4.Cluster.Hosting;

/// <summary>An Orleans silo as this project uses it: placement by plan, and nothing that moves a grain behind the plan's back.</summary>
internal static class SiloSetup
{
    /// <summary>The host of a cluster in one process.</summary>
    public static readonly HostId SingleHost = new("host-0");

    /// <summary>A host of a model: a silo with what its grains share.</summary>
    /// <inheritdoc cref="Build(HostId, IPEndPoint, IPEndPoint, Action{ILoggingBuilder}?, Action{ISiloBuilder}?)" path="/param"/>
    public static IHost Build(
        ModelHost host, SchedulerLimits limits, ClusterShape shape, IPEndPoint own, IPEndPoint primary,
        Action<ILoggingBuilder>? logging, Action<ISiloBuilder>? more) =>
        Build(host.Id, own, primary, logging, silo =>
        {
            silo.Services.AddSingleton(host).AddSingleton(limits).AddSingleton(shape);
            more?.Invoke(silo);
        });

    /// <summary>A silo with membership in memory, kept by the silo at <paramref name="primary"/>; no door for clients but the process itself.</summary>
    /// <param name="own">Where other silos reach it; loopback.</param>
    /// <param name="more">Further settings of the silo; null for none.</param>
    public static IHost Build(HostId id, IPEndPoint own, IPEndPoint primary, Action<ILoggingBuilder>? logging, Action<ISiloBuilder>? more)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // Its first check compares with the machine's start, and warns of a stall as long as the machine has been up.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        logging?.Invoke(builder.Logging);
        builder.Services
            .AddSingleton<PlanBoard>()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IHostLifetime, OwnersLifetime>()
            .AddHostLocal()
            .AddPlacementDirector<PlanPlacement, PlanPlacementDirector>();
        // What fails on one host is told on another by its own name.
        builder.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Llama4"));
        builder.UseOrleans(silo =>
        {
            silo.UseDevelopmentClustering(primary)
                .ConfigureEndpoints(own.Address, own.Port, gatewayPort: 0)
                .Configure<SiloOptions>(options => options.SiloName = id.Name)
                .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("llama4", "llama4"))
                .UseLargeBlocks();
            more?.Invoke(silo);
        });
        return builder.Build();
    }

    /// <summary>A free port of the loopback interface.</summary>
    public static IPEndPoint FreeEndpoint()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
