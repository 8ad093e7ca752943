using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Llama4.Cluster.Transport;

/// <summary>TCP between silos over <see cref="SocketPipes"/>, in the place of Orleans' own sockets.</summary>
internal sealed class LargeBlockTransport(LargeBlockPool pool) : IConnectionFactory, IConnectionListenerFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = NewSocket(endpoint);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return Open(socket, pool);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = NewSocket(endpoint);
        try
        {
            socket.Bind(endpoint);
            socket.Listen();
            return ValueTask.FromResult<IConnectionListener>(new Listener(socket, pool));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket NewSocket(EndPoint endpoint) => new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    private static SocketPipes Open(Socket socket, LargeBlockPool pool)
    {
        socket.NoDelay = true;
        var connection = new SocketPipes(socket, pool);
        connection.Start();
        return connection;
    }

    private sealed class Listener(Socket socket, LargeBlockPool pool) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return Open(await socket.AcceptAsync(cancellationToken), pool);
                }
                catch (SocketException error) when (error.SocketErrorCode is SocketError.OperationAborted or SocketError.InvalidArgument or SocketError.Interrupted)
                {
                    return null; // unbound: no more connections
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException)
                {
                    // The one who connected was gone before it was accepted: the next one is not to blame.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

internal static class LargeBlockTransportSetup
{
    /// <summary>Connections of a silo to each other silo: a prefill chunk of 5 MB on one does not hold up what goes over the others.</summary>
    private const int ConnectionsPerSilo = 4;

    /// <summary>
    /// Replaces the transport between silos. Orleans finds it under a key of its own that it does not publish, so its registrations are
    /// found by what they register.
    /// </summary>
    /// <exception cref="InvalidOperationException">Orleans registers its transport in another way than this was written for.</exception>
    public static ISiloBuilder UseLargeBlocks(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<LargeBlockPool>().AddSingleton<LargeBlockTransport>();
        Replace<IConnectionFactory>(silo.Services);
        Replace<IConnectionListenerFactory>(silo.Services);
        return silo.Configure<ConnectionOptions>(options => options.ConnectionsPerEndpoint = ConnectionsPerSilo);
    }

    private static void Replace<T>(IServiceCollection services) where T : class
    {
        var keys = services.Where(service => service.ServiceType == typeof(T) && service.IsKeyedService).Select(service => service.ServiceKey).ToList();
        if (keys.Count == 0)
            throw new InvalidOperationException($"Orleans registers no keyed {typeof(T).Name}: expected its transport between silos");
        foreach (var key in keys)
            services.AddKeyedSingleton<T>(key, (provider, _) => (T)(object)provider.GetRequiredService<LargeBlockTransport>());
    }
}
