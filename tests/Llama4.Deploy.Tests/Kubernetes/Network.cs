using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Somebody who connects, or is connected to.</summary>
/// <param name="Space">Its namespace; null for what is no pod.</param>
internal sealed record Peer(string Name, string? Space, IDictionary<string, string> Labels, string Address);

/// <summary>What the NetworkPolicies let through, as Kubernetes says that they are to be read: those that select a pod add up, and without one it is open.</summary>
internal sealed class Network(Manifests all)
{
    private const string Own = "llama4";

    public bool MaySend(Peer from, Peer to, int port, string protocol = "TCP") =>
        Passes(from, to, port, protocol, "Egress", policy => policy.Spec.Egress?.Select(rule => (rule.To, rule.Ports)));

    public bool MayTake(Peer from, Peer to, int port, string protocol = "TCP") =>
        Passes(to, from, port, protocol, "Ingress", policy => policy.Spec.Ingress?.Select(rule => (rule.FromProperty, rule.Ports)));

    /// <param name="at">Whose policies are asked.</param>
    private bool Passes(
        Peer at, Peer other, int port, string protocol, string direction, Func<V1NetworkPolicy, IEnumerable<(IList<V1NetworkPolicyPeer>, IList<V1NetworkPolicyPort>)>?> rules)
    {
        var policies = all.All<V1NetworkPolicy>()
            .Where(policy => at.Space == Own && policy.Spec.PolicyTypes.Contains(direction) && policy.Spec.PodSelector.Match(at.Labels)).ToList();
        return policies.Count == 0 || policies.SelectMany(policy => rules(policy) ?? [])
            .Any(rule => (rule.Item1 is null || rule.Item1.Any(peer => Matches(peer, other))) && (rule.Item2 is null || rule.Item2.Any(one => Matches(one, port, protocol))));
    }

    /// <summary>Without a number it is every port, with an end all from one to the other.</summary>
    private static bool Matches(V1NetworkPolicyPort rule, int port, string protocol) => (rule.Protocol ?? "TCP") == protocol
        && (rule.Port is null || (int.Parse(rule.Port.Value) is var first && first <= port && port <= (rule.EndPort ?? first)));

    private static bool Matches(V1NetworkPolicyPeer rule, Peer peer) => rule.IpBlock is { } block
        ? Within(block.Cidr, peer.Address) && !(block.Except ?? []).Any(except => Within(except, peer.Address))
        : peer.Space is not null
            && (rule.NamespaceSelector is null ? peer.Space == Own : rule.NamespaceSelector.Match(new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = peer.Space }))
            && (rule.PodSelector is null || rule.PodSelector.Match(peer.Labels));

    private static bool Within(string cidr, string address) => System.Net.IPNetwork.Parse(cidr).Contains(System.Net.IPAddress.Parse(address));
}
