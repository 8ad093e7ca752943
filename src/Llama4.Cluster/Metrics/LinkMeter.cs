using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Llama4.Client.Transport;
using Llama4.Cluster.Calls;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Metrics;

/// <summary>Bytes and calls between this host and others, by their names; at most 64 hosts are told apart, and then there are "clients" and "other".</summary>
internal sealed class LinkMeter(Links links, LinkBytes bytes, IClusterMembershipService membership)
{
    private const string Clients = "clients";
    private const string Other = "other";

    /// <summary>Members are forgotten some time after they are gone; bytes are not.</summary>
    private readonly ConcurrentDictionary<IPEndPoint, string> _names = [];

    public void AddTo(Meter meter)
    {
        meter.CreateObservableCounter("llama4.link.bytes", Bytes, "By", "Bytes to and from other hosts, by host and direction; clients without a host are one.");
        meter.CreateObservableCounter("llama4.link.calls", Calls, description: "Calls of the data path to other hosts, by host.");
    }

    private IEnumerable<Measurement<long>> Bytes() =>
        [.. bytes.Hosts.SelectMany(host => Both(NameOf(host.Key), host.Value)), .. Both(Clients, bytes.Clients), .. Both(Other, bytes.Others)];

    private IEnumerable<Measurement<long>> Calls() => links.Calls().Select(calls => new Measurement<long>(calls.Calls, Peer(calls.Host?.Name ?? Other)));

    private static Measurement<long>[] Both(string peer, ByteCount count) => count is { In: 0, Out: 0 }
        ? []
        : [new(count.In, Peer(peer), new("direction", "in")), new(count.Out, Peer(peer), new("direction", "out"))];

    private static KeyValuePair<string, object?> Peer(string name) => new("peer", name);

    /// <summary>The address of one that was never a member.</summary>
    private string NameOf(IPEndPoint address)
    {
        if (!_names.TryGetValue(address, out var name))
        {
            foreach (var member in membership.CurrentSnapshot.Members.Values)
                _names.TryAdd(member.SiloAddress.Endpoint, member.Name);
            name = _names.GetValueOrDefault(address, address.ToString());
        }
        return name;
    }
}
