using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Llama4.Client.Transport;

/// <summary>TCP between hosts over <see cref="SocketPipes"/>, in the place of Orleans' own sockets.</summary>
/// <param name="own">Where other silos reach this one; null for a client.</param>
internal sealed partial class LargeBlockTransport(LargeBlockPool pool, Handshake handshake, Shunned shunned, Func<IPEndPoint?> own, LinkBytes bytes, ILogger logger)
    : IConnectionFactory, IConnectionListenerFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var link = await shunned.OpenAsync(endpoint, cut => handshake.ConnectAsync(endpoint, new Greeting(Guid.NewGuid(), own()), cut), cancellationToken);
            var connection = Open(link, pool, bytes.Of(endpoint as IPEndPoint));
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
        ValueTask.FromResult<IConnectionListener>(new Listener(new LinkListener(endpoint, handshake, logger), pool, shunned, bytes));

    private static SocketPipes Open(Link link, LargeBlockPool pool, ByteCount count)
    {
        var connection = new SocketPipes(link, pool, count);
        connection.Start();
        return connection;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connection refused by {Reason}")]
    private static partial void Refused(ILogger logger, string reason);

    private sealed class Listener(LinkListener links, LargeBlockPool pool, Shunned shunned, LinkBytes bytes) : IConnectionListener
    {
        public EndPoint EndPoint => links.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            if (await links.NextAsync(cancellationToken) is not { } link)
                return null;
            var connection = Open(link, pool, bytes.Of(link.Greeting.Host));
            if (link.Greeting.Host is { } host)
                shunned.AddOpenedBy(host, connection);
            return connection;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            links.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
