using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Llama4.Cluster.Transport;

/// <summary>TCP between hosts over <see cref="SocketPipes"/>, in the place of Orleans' own sockets.</summary>
/// <param name="own">Where other silos reach this one; null for a client.</param>
internal sealed partial class LargeBlockTransport(LargeBlockPool pool, Handshake handshake, Shunned shunned, Func<IPEndPoint?> own, ILogger logger)
    : IConnectionFactory, IConnectionListenerFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        shunned.Refuse(endpoint);
        try
        {
            var connection = Open(await handshake.ConnectAsync(endpoint, new Greeting(Lane.Messages, Guid.NewGuid(), own()), cancellationToken), pool);
            shunned.Add(connection, endpoint);
            return connection;
        }
        catch (LinkRefusedException refused)
        {
            Refused(logger, refused.Message);
            throw;
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(new LinkListener(endpoint, handshake, logger), pool));

    private static SocketPipes Open(Link link, LargeBlockPool pool)
    {
        var connection = new SocketPipes(link, pool);
        connection.Start();
        return connection;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connection refused by {Reason}")]
    private static partial void Refused(ILogger logger, string reason);

    private sealed class Listener(LinkListener links, LargeBlockPool pool) : IConnectionListener
    {
        public EndPoint EndPoint => links.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await links.NextAsync(cancellationToken) is { } link ? Open(link, pool) : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            links.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

public static class LargeBlockTransportSetup
{
    /// <summary>Connections of a silo to each other silo: a prefill chunk of 5 MB on one does not hold up what goes over the others.</summary>
    private const int ConnectionsPerSilo = 4;

    /// <summary>Replaces the transport between silos, and that of the silo's door for clients.</summary>
    /// <param name="tls">Null for a cluster without TLS: whoever reaches the ports is let in.</param>
    /// <exception cref="ClusterTlsException">The certificates are not in order.</exception>
    /// <exception cref="InvalidOperationException">Orleans registers its transport in another way than this was written for.</exception>
    public static ISiloBuilder UseLargeBlocks(this ISiloBuilder silo, ClusterTls? tls = null)
    {
        Add(silo.Services, tls);
        Replace<IConnectionListenerFactory>(silo.Services);
        return silo.Configure<ConnectionOptions>(options => options.ConnectionsPerEndpoint = ConnectionsPerSilo);
    }

    /// <summary>Replaces the transport of a client, for silos with <see cref="UseLargeBlocks(ISiloBuilder, ClusterTls?)"/>.</summary>
    /// <inheritdoc cref="UseLargeBlocks(ISiloBuilder, ClusterTls?)"/>
    public static IClientBuilder UseLargeBlocks(this IClientBuilder client, ClusterTls? tls = null)
    {
        Add(client.Services, tls);
        return client;
    }

    private static void Add(IServiceCollection services, ClusterTls? tls)
    {
        tls?.Load();
        services.AddSingleton<LargeBlockPool>().AddSingleton<Shunned>().AddSingleton(provider =>
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
