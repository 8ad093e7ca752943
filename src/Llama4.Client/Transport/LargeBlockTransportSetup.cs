using System.Net;
using Llama4.Contracts;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Llama4.Client.Transport;

/// <summary>Puts <see cref="LargeBlockTransport"/> in the place of Orleans' own.</summary>
public static class LargeBlockTransportSetup
{
    /// <summary>The greatest message: a chat with pictures and 130,000 tokens of its answer at 5 bytes. Rows (a payload, numbers and experts of each row) and a prompt of 10 million tokens have less.</summary>
    private const int BodyBytesMax = ChatSubmission.BodyBytesMax + 2 * 5 * RowsHeader.RowsMax + 4096;

    /// <summary>
    /// Ids of two grains, addresses of two silos and up to 16 corrections of the directory's cache, some 300 bytes each. It is not looked at by
    /// <see cref="MessageShape"/>, so it is kept too short for a harmful nesting.
    /// </summary>
    private const int HeaderBytesMax = 8192;

    /// <summary>Replaces the transport of a client, for silos that have it too.</summary>
    /// <param name="tls">Null for a cluster without TLS: whoever reaches the ports is let in.</param>
    /// <exception cref="ClusterTlsException">The certificates are not in order.</exception>
    /// <exception cref="InvalidOperationException">Orleans registers its transport in another way than this was written for.</exception>
    public static IClientBuilder UseLargeBlocks(this IClientBuilder client, ClusterTls? tls = null)
    {
        Add(client.Services, tls);
        client.Services.AddOptions<ClientConnectionOptions>().Configure<CheckedConnections>((options, check) => options.ConfigureConnection(check.AddTo));
        return client.Configure<ClientMessagingOptions>(Limit);
    }

    internal static void Limit(MessagingOptions options) =>
        (options.MaxMessageHeaderSize, options.MaxMessageBodySize) = (HeaderBytesMax, BodyBytesMax);

    internal static void Add(IServiceCollection services, ClusterTls? tls)
    {
        tls?.Load();
        services.AddSingleton<LargeBlockPool>().AddSingleton<Shunned>().AddSingleton<LinkBytes>()
            .AddSingleton(provider => new CheckedConnections(Handshake.Limit, provider.GetRequiredService<ILogger<LargeBlockTransport>>()))
            .AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILogger<LargeBlockTransport>>();
            return new LargeBlockTransport(
                provider.GetRequiredService<LargeBlockPool>(),
                new Handshake(tls is null ? null : new CurrentCertificate(tls, logger), Handshake.Limit),
                provider.GetRequiredService<Shunned>(),
                () => provider.GetService<ILocalSiloDetails>()?.SiloAddress.Endpoint,
                provider.GetRequiredService<LinkBytes>(),
                logger);
        });
        Replace<IConnectionFactory>(services);
    }

    /// <summary>Orleans finds its transport under keys of its own that it does not publish, so its registrations are found by what they register.</summary>
    internal static void Replace<T>(IServiceCollection services) where T : class
    {
        var keys = services.Where(service => service.ServiceType == typeof(T) && service.IsKeyedService).Select(service => service.ServiceKey).Distinct().ToList();
        if (keys.Count == 0)
            throw new InvalidOperationException($"Orleans registers no keyed {typeof(T).Name}: expected its transport between silos");
        foreach (var key in keys)
            services.AddKeyedSingleton<T>(key, (provider, _) => (T)(object)provider.GetRequiredService<LargeBlockTransport>());
    }
}
