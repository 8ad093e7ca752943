using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Llama4.Client.Transport;

/// <summary>
/// Addresses that nobody here waits for: connections to them are cut, also those that are being opened, so that what is stuck behind a frozen host or a
/// cut link is freed at once; and none is opened until they are taken off again.
/// </summary>
internal sealed class Shunned
{
    private readonly ConcurrentDictionary<SocketPipes, (EndPoint Address, long Opened)> _open = [];

    /// <summary>Guarded by itself.</summary>
    private readonly Dictionary<CancellationTokenSource, EndPoint> _opening = [];
    private volatile HashSet<EndPoint> _addresses = [];

    /// <summary>Replaces the addresses.</summary>
    public void Set(IEnumerable<IPEndPoint> addresses)
    {
        _addresses = [.. addresses];
        foreach (var (connection, (address, _)) in _open)
        {
            if (_addresses.Contains(address))
                connection.Abort(NoAnswer(address));
        }
        lock (_opening)
        {
            foreach (var (cut, address) in _opening)
            {
                if (_addresses.Contains(address))
                    _ = cut.CancelAsync();
            }
        }
    }

    /// <summary>Opens something to an address, unless or until it is shunned.</summary>
    /// <exception cref="ConnectionAbortedException">It is.</exception>
    public async Task<T> OpenAsync<T>(EndPoint address, Func<CancellationToken, Task<T>> open, CancellationToken cancellation)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        lock (_opening)
            _opening.Add(cut, address);
        try
        {
            if (_addresses.Contains(address))
                throw NoAnswer(address);
            return await open(cut.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && _addresses.Contains(address))
        {
            throw NoAnswer(address);
        }
        finally
        {
            lock (_opening)
                _opening.Remove(cut);
        }
    }

    /// <summary>Connections with a host, whoever opened them, are closed if they are older than this.</summary>
    public void GiveUp(EndPoint host, TimeSpan age)
    {
        foreach (var (connection, (address, opened)) in _open)
        {
            if (address.Equals(host) && Stopwatch.GetElapsedTime(opened) > age)
                connection.Abort(new ConnectionAbortedException($"{address} did not answer for {age.TotalSeconds:0.0} s"));
        }
    }

    /// <summary>A host has opened a connection; forgotten when it closes.</summary>
    /// <param name="host">Where it is reached.</param>
    public void AddOpenedBy(EndPoint host, SocketPipes connection)
    {
        _open.TryAdd(connection, (host, Stopwatch.GetTimestamp()));
        connection.ConnectionClosed.Register(() => _open.TryRemove(connection, out _));
    }

    /// <summary>A connection to an address was opened; forgotten when it closes.</summary>
    public void Add(SocketPipes connection, EndPoint address)
    {
        AddOpenedBy(address, connection);
        if (_addresses.Contains(address))
            connection.Abort(NoAnswer(address));
    }

    private static ConnectionAbortedException NoAnswer(EndPoint address) => new($"{address} does not answer");
}
