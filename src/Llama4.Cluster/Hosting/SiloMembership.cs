using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Llama4.Contracts;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using StackExchange.Redis;

namespace Llama4.Cluster.Hosting;

/// <summary>How processes of a cluster find each other: Orleans' membership, kept in Redis.</summary>
internal static class SiloMembership
{
    /// <summary>
    /// A silo that has not refreshed its line for three of these counts as gone for those that join: a cluster that was killed as a whole
    /// starts again after so long. Orleans' own is 30 s.
    /// </summary>
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(3);

    /// <summary>Our own beats tell within tenths of a second; this is what confirms a death: three probes of 2 s.</summary>
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StoreRetry = TimeSpan.FromMilliseconds(250);

    public static Action<ISiloBuilder> Redis(ConfigurationOptions redis, string clusterId) => silo => silo
        .UseRedisClustering(options => options.ConfigurationOptions = redis.Clone())
        .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (clusterId, "llama4"))
        .Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = ProbeEvery;
            options.IAmAliveTablePublishTimeout = AliveEvery;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.DefunctSiloExpiration = TimeSpan.FromHours(1);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
        });

    /// <summary>Opens the store; waits a little for one that starts at the same time.</summary>
    /// <exception cref="ClusterRequestException">It does not answer, or refuses; one line.</exception>
    public static async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions redis, CancellationToken cancellation)
    {
        var strict = redis.Clone();
        strict.AbortOnConnectFail = true;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using (var probe = await ConnectionMultiplexer.ConnectAsync(strict))
                    await probe.GetDatabase().PingAsync();
                return await ConnectionMultiplexer.ConnectAsync(redis);
            }
            catch (RedisException refused)
            {
                var wantsPassword = refused.ToString() is var text && (text.Contains("NOAUTH", StringComparison.Ordinal) || text.Contains("WRONGPASS", StringComparison.Ordinal));
                if (wantsPassword || Stopwatch.GetElapsedTime(started) > StoreLimit)
                {
                    var why = wantsPassword ? "it wants another password (redis://:PASSWORD@HOST)" : "is it running, and reachable from here?";
                    throw new ClusterRequestException($"the membership store at {Name(redis)} does not answer: {why}");
                }
            }
            await Task.Delay(StoreRetry, cancellation);
        }
    }

    private static string Name(ConfigurationOptions redis) =>
        redis.EndPoints[0] is DnsEndPoint name ? $"{name.Host}:{name.Port}" : redis.EndPoints[0].ToString()!;

    /// <summary>The address of this machine on the way to the store: what other hosts most likely reach it by.</summary>
    /// <exception cref="ClusterRequestException">The store's name is not known.</exception>
    public static async Task<IPAddress> AddressTowardsAsync(EndPoint store)
    {
        var (host, port) = store is DnsEndPoint name ? (name.Host, name.Port) : (((IPEndPoint)store).Address.ToString(), ((IPEndPoint)store).Port);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp); // connecting sends nothing
            await socket.ConnectAsync(addresses[0], port);
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (Exception unknown) when (unknown is SocketException or IndexOutOfRangeException)
        {
            throw new ClusterRequestException($"the membership store's host '{host}' has no address that this machine knows");
        }
    }
}
