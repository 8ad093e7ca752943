using System.Net;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Orleans.Hosting;

namespace Llama4.Client.Connection;

/// <summary>From <see cref="Llama4ClientOptions"/> to where the doors of hosts are found.</summary>
internal static class ClusterAddress
{
    public const string Forms = "the address of a cluster like redis://HOST:6379, or tcp://HOST:PORT of one process";

    private const string OneProcess = "tcp";

    /// <exception cref="ClusterRequestException">Something is wrong with them that needs no connection to be seen; one line.</exception>
    public static void Check(Llama4ClientOptions options)
    {
        if (options.Cluster is { IsAbsoluteUri: true, Scheme: OneProcess, Host.Length: > 0, Port: > 0 })
        {
            Tls(options);
            return;
        }

        if (options.Cluster is not { IsAbsoluteUri: true, Scheme: "redis" or "rediss" })
        {
            throw new ClusterRequestException($"expected {Forms}, found '{options.Cluster}'");
        }

        RedisAddress.Parse(options.Cluster);
        Tls(options);
    }

    public static async Task<Action<IClientBuilder>> MembershipAsync(Llama4ClientOptions options, CancellationToken cancellation)
    {
        if (options.Cluster.Scheme != OneProcess)
        {
            return ClientMembership.Redis(RedisAddress.Parse(options.Cluster, options.TlsAuthority), options.ClusterId);
        }

        var addresses = await Dns.GetHostAddressesAsync(options.Cluster.DnsSafeHost, cancellation);
        return ClientMembership.Doors([.. addresses.Select(address => new IPEndPoint(address, options.Cluster.Port)), .. options.MoreDoors], options.ClusterId);
    }

    public static ClusterTls? Tls(Llama4ClientOptions options) => (options.TlsCertificate, options.TlsAuthority) switch
    {
        (null, null) => null,
        ({ } certificate, { } authority) => new ClusterTls(certificate, authority),
        _ => throw new ClusterRequestException("TLS with the hosts needs both this client's certificate and the authority's"),
    };
}
