using System.Net;
using Llama4.Contracts;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Llama4.Cluster.Transport;

public static class LargeBlockTransportSetup
{
    /// <summary>Connections of a silo to each other silo: a prefill chunk of 5 MB on one does not hold up what goes over the others.</summary>
    private const int ConnectionsPerSilo = 4;

    /// <summary>The greatest message: rows (a payload, numbers and experts of each row), or a prompt of 10 million tokens at 5 bytes.</summary>
    private const int BodyBytesMax = Rows.PayloadBytesMax + 2 * 5 * RowsHeader.RowsMax + 4096;

    /// <summary>
    /// Ids of two grains, addresses of two silos and up to 16 corrections of the directory's cache, some 300 bytes each. It is not looked at by
    /// <see cref="MessageShape"/>, so it is kept too short for a harmful nesting.
    /// </summary>
    private const int HeaderBytesMax = 8192;

    /// <summary>Replaces the transport between silos, and that of the silo's door for clients.</summary>
    /// <param name="tls">Null for a cluster without TLS: whoever reaches the ports is let in.</param>
    /// <exception cref="ClusterTlsException">The certificates are not in order.</exception>
    /// <exception cref="InvalidOperationException">Orleans registers its transport in another way than this was written for.</exception>
    public static ISiloBuilder UseLargeBlocks(this ISiloBuilder silo, ClusterTls? tls = null)
    {
        Add(silo.Services, tls);
        Replace<IConnectionListenerFactory>(silo.Services);
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<CheckedConnections>((options, check) =>
        {
            options.ConfigureSiloInboundConnection(check.AddTo);
            options.ConfigureSiloOutboundConnection(check.AddTo);
            options.ConfigureGatewayInboundConnection(check.AddTo);
        });
        silo.Configure<SiloMessagingOptions>(Limit);
        return silo.Configure<ConnectionOptions>(options => options.ConnectionsPerEndpoint = ConnectionsPerSilo);
    }

    /// <summary>Replaces the transport of a client, for silos with <see cref="UseLargeBlocks(ISiloBuilder, ClusterTls?)"/>.</summary>
    /// <inheritdoc cref="UseLargeBlocks(ISiloBuilder, ClusterTls?)"/>
    public static IClientBuilder UseLargeBlocks(this IClientBuilder client, ClusterTls? tls = null)
    {
        Add(client.Services, tls);
        client.Services.AddOptions<ClientConnectionOptions>().Configure<CheckedConnections>((options, check) => options.ConfigureConnection(check.AddTo));
        return client.Configure<ClientMessagingOptions>(Limit);
    }

    private static void Limit(MessagingOptions options) =>
        (options.MaxMessageHeaderSize, options.MaxMessageBodySize) = (HeaderBytesMax, BodyBytesMax);

    private static void Add(IServiceCollection services, ClusterTls? tls)
    {
        tls?.Load();
        services.AddSingleton<LargeBlockPool>().AddSingleton<Shunned>()
            .AddSingleton(provider => new CheckedConnections(Handshake.Limit, provider.GetRequiredService<ILogger<LargeBlockTransport>>()))
            .AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILogger<LargeBlockTransport>>();
            return new LargeBlockTransport(
                provider.GetRequiredService<LargeBlockPool>(),
                new Handshake(tls is null ? null : new CurrentCertificate(tls, logger), Handshake.Limit),
                provider.GetRequiredService<Shunned>(),
                () => provider.GetService<ILocalSiloDetails>()?.SiloAddress.Endpoint,
                logger);
        });
        Replace<IConnectionFactory>(services);
    }

    /// <summary>Orleans finds its transport under keys of its own that it does not publish, so its registrations are found by what they register.</summary>
    private static void Replace<T>(IServiceCollection services) where T : class
    {
        var keys = services.Where(service => service.ServiceType == typeof(T) && service.IsKeyedService).Select(service => service.ServiceKey).Distinct().ToList();
        if (keys.Count == 0)
            throw new InvalidOperationException($"Orleans registers no keyed {typeof(T).Name}: expected its transport between silos");
        foreach (var key in keys)
            services.AddKeyedSingleton<T>(key, (provider, _) => (T)(object)provider.GetRequiredService<LargeBlockTransport>());
    }
}
