using Llama4.Client.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Llama4.Cluster.Transport;

public static class SiloTransportSetup
{
    /// <summary>Connections of a silo to each other silo: a prefill chunk of 5 MB on one does not hold up what goes over the others.</summary>
    private const int ConnectionsPerSilo = 4;

    /// <summary>Replaces the transport between silos, and that of the silo's door for clients.</summary>
    /// <param name="tls">Null for a cluster without TLS: whoever reaches the ports is let in.</param>
    /// <exception cref="ClusterTlsException">The certificates are not in order.</exception>
    /// <exception cref="InvalidOperationException">Orleans registers its transport in another way than this was written for.</exception>
    public static ISiloBuilder UseLargeBlocks(this ISiloBuilder silo, ClusterTls? tls = null)
    {
        LargeBlockTransportSetup.Add(silo.Services, tls);
        LargeBlockTransportSetup.Replace<IConnectionListenerFactory>(silo.Services);
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<CheckedConnections>((options, check) =>
        {
            options.ConfigureSiloInboundConnection(check.AddTo);
            options.ConfigureSiloOutboundConnection(check.AddTo);
            options.ConfigureGatewayInboundConnection(check.AddTo);
        });
        silo.Configure<SiloMessagingOptions>(LargeBlockTransportSetup.Limit);
        return silo.Configure<ConnectionOptions>(options => options.ConnectionsPerEndpoint = ConnectionsPerSilo);
    }
}
