using System.Net;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using StackExchange.Redis;

namespace Llama4.Client.Connection;

/// <summary>How a client finds the doors of silos.</summary>
internal static class ClientMembership
{
    /// <summary>Of all clusters here: which one it is follows from its id.</summary>
    private const string Service = "llama4";

    /// <summary>From Orleans' membership, kept in Redis.</summary>
    public static Action<IClientBuilder> Redis(ConfigurationOptions redis, string clusterId) => client => Named(client, clusterId)
        .UseRedisClustering(options => options.ConfigurationOptions = redis.Clone())
        .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));

    /// <summary>Doors that are known beforehand, without a store.</summary>
    public static Action<IClientBuilder> Doors(IPEndPoint[] doors, string clusterId) => client => Named(client, clusterId).UseStaticClustering(doors);

    private static IClientBuilder Named(IClientBuilder client, string clusterId) =>
        client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (clusterId, Service));
}
