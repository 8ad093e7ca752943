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

    /// <summary>A door behind which nobody answered is tried again after so long, and new ones are found. Orleans' own is a minute.</summary>
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(1);

    /// <summary>From Orleans' membership, kept in Redis.</summary>
    public static Action<IClientBuilder> Redis(ConfigurationOptions redis, string clusterId) => client => Named(client, clusterId)
        .UseRedisClustering(options => options.ConfigurationOptions = redis.Clone());

    /// <summary>Doors that are known beforehand, without a store.</summary>
    public static Action<IClientBuilder> Doors(IPEndPoint[] doors, string clusterId) => client => Named(client, clusterId).UseStaticClustering(doors);

    private static IClientBuilder Named(IClientBuilder client, string clusterId) => client
        .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (clusterId, Service))
        .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = RefreshEvery);
}
