using System.Collections.Concurrent;
using System.Net;

namespace Llama4.Client.Transport;

/// <summary>Bytes over the connections of this process since its start, TLS not counted, by the host at the other end. Thread-safe; bounded.</summary>
internal sealed class LinkBytes
{
    /// <summary>Hosts told apart; those that come later are counted together.</summary>
    public const int PeersMax = 64;

    private readonly ConcurrentDictionary<IPEndPoint, ByteCount> _hosts = [];

    /// <summary>Of all clients together.</summary>
    public ByteCount Clients { get; } = new();

    /// <summary>Of hosts past <see cref="PeersMax"/>.</summary>
    public ByteCount Others { get; } = new();

    /// <summary>By where other hosts reach them.</summary>
    public IReadOnlyCollection<KeyValuePair<IPEndPoint, ByteCount>> Hosts => _hosts;

    /// <param name="host">Null for a client.</param>
    public ByteCount Of(IPEndPoint? host) =>
        host is null ? Clients
        : _hosts.TryGetValue(host, out var known) ? known
        : _hosts.Count < PeersMax ? _hosts.GetOrAdd(host, _ => new ByteCount())
        : Others;
}

/// <summary>Thread-safe.</summary>
internal sealed class ByteCount
{
    private long _in;
    private long _out;

    public long In => Interlocked.Read(ref _in);

    public long Out => Interlocked.Read(ref _out);

    public void AddIn(long bytes) => Interlocked.Add(ref _in, bytes);

    public void AddOut(long bytes) => Interlocked.Add(ref _out, bytes);
}
