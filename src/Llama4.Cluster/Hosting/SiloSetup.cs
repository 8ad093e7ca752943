using System.Net;
using System.Net.Sockets;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.Placement;

namespace Llama4.Cluster.Hosting;

/// <summary>An Orleans silo as this project uses it: placement by plan, and nothing that moves a grain behind the plan's back.</summary>
internal static class SiloSetup
{
    /// <summary>The host of a cluster in one process.</summary>
    public static readonly HostId SingleHost = new("host-0");

    /// <summary>A silo that is a cluster of its own: membership in memory, no door for clients but the process itself.</summary>
    public static IHost Build(ModelHost host, SchedulerLimits limits, ClusterShape shape, Action<ILoggingBuilder>? logging)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        logging?.Invoke(builder.Logging);
        builder.Services
            .AddSingleton(host)
            .AddSingleton(limits)
            .AddSingleton(shape)
            .AddSingleton<PlanBoard>()
            .AddSingleton(TimeProvider.System)
            .AddHostLocal()
            .AddPlacementDirector<PlanPlacement, PlanPlacementDirector>();
        var endpoint = new IPEndPoint(IPAddress.Loopback, FreePort());
        builder.UseOrleans(silo => silo
            .UseDevelopmentClustering(endpoint)
            .ConfigureEndpoints(endpoint.Address, endpoint.Port, gatewayPort: 0)
            .Configure<SiloOptions>(options => options.SiloName = host.Id.Name)
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("llama4", "llama4")));
        return builder.Build();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
