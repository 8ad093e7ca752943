using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Llama4.Cluster.Transport;

/// <summary>
/// Addresses that nobody here waits for: connections to them are cut, so that what is stuck behind a frozen host is freed at once, and none is
/// opened until they are taken off again.
/// </summary>
internal sealed class Shunned
{
    private readonly ConcurrentDictionary<SocketPipes, EndPoint> _open = [];
    private volatile HashSet<EndPoint> _addresses = [];

    /// <summary>Replaces the addresses.</summary>
    public void Set(IEnumerable<IPEndPoint> addresses)
    {
        _addresses = [.. addresses];
        foreach (var (connection, address) in _open)
        {
            if (_addresses.Contains(address))
                connection.Abort(new ConnectionAbortedException($"{address} does not answer"));
        }
    }

    /// <exception cref="ConnectionAbortedException">The address is shunned.</exception>
    public void Refuse(EndPoint address)
    {
        if (_addresses.Contains(address))
            throw new ConnectionAbortedException($"{address} does not answer");
    }

    /// <summary>A connection to an address was opened; forgotten when it closes.</summary>
    public void Add(SocketPipes connection, EndPoint address)
    {
        _open.TryAdd(connection, address);
        connection.ConnectionClosed.Register(() => _open.TryRemove(connection, out _));
        if (_addresses.Contains(address))
            connection.Abort(new ConnectionAbortedException($"{address} does not answer"));
    }
}
