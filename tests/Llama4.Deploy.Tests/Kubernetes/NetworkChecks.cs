using k8s.Models;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>
/// Who may talk to whom at which port: exactly the table below, by the ports that the processes were given. Each end must say it by itself: what one lets
/// through too much is not hidden by the other.
/// </summary>
internal static class NetworkChecks
{
    /// <summary>As OpenTelemetry's specification has it.</summary>
    private const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly Peer[] Others =
    [
        new("internet", null, new Dictionary<string, string>(), "203.0.113.7"),
        new("ingress controller", "ingress-nginx", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "ingress-nginx" }, "10.9.0.1"),
        new("prometheus", "monitoring", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "prometheus" }, "10.9.0.2"),
        new("collector", "monitoring", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "opentelemetry-collector" }, "10.9.0.3"),
        new("names", "kube-system", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, "10.9.0.4"),
        new("names of the node", null, new Dictionary<string, string>(), "169.254.20.10"),
        new("other pod of kube-system", "kube-system", new Dictionary<string, string> { ["k8s-app"] = "metrics-server" }, "10.9.0.6"),
        new("other pod of monitoring", "monitoring", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "grafana" }, "10.9.0.7"),
        new("who calls itself kube-dns", "default", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, "10.9.0.8"),
        new("who calls itself prometheus", "default", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "prometheus" }, "10.9.0.9"),
        new("who calls itself collector", "default", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "opentelemetry-collector" }, "10.9.0.10"),
        new("kubernetes api", null, new Dictionary<string, string>(), "10.96.0.1"),
        new("machine inside", null, new Dictionary<string, string>(), "172.16.0.1"),
        new("other machine inside", null, new Dictionary<string, string>(), "192.168.0.1"),
        new("cloud metadata", null, new Dictionary<string, string>(), "169.254.169.254"),
        new("pod elsewhere", "default", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "llama4", ["app.kubernetes.io/component"] = "engine" }, "10.9.0.5"),
    ];

    /// <summary>Of the namespace, and of no use here.</summary>
    private static readonly Peer Stray = new("stray pod", "llama4", new Dictionary<string, string> { ["app"] = "stray" }, "10.1.9.9");

    public static IEnumerable<string> Policies(Manifests all)
    {
        var network = new Network(all);
        Peer[] own = [.. all.Workloads.Select((one, i) => new Peer(one.Component, "llama4", one.Labels, $"10.1.0.{i + 1}")), Stray];
        var ports = Ports(all);
        int[] asked = [9090, 443, 53, 4317, 80, 1, ushort.MaxValue, .. ports.Values, .. ports.Values.Select(port => port + 1)];
        foreach (var pod in own)
        {
            foreach (var other in own.Concat(Others))
            {
                foreach (var port in asked)
                {
                    var (send, take) = (MaySend(pod.Name, other.Name, port, ports, all), MayTake(other.Name, pod.Name, port, ports, all));
                    if (network.MaySend(pod, other, port) != send)
                        yield return $"{pod.Name} may {(send ? "not " : "")}send to {other.Name} at {port}";
                    if (network.MayTake(other, pod, port) != take)
                        yield return $"{pod.Name} may {(take ? "not " : "")}be reached by {other.Name} at {port}";
                }
            }
        }

        foreach (var names in Others.Where(one => one.Name.StartsWith("names", StringComparison.Ordinal)))
            foreach (var pod in own.Where(pod => pod.Name is not ("redis" or "stray pod") && !network.MaySend(pod, names, 53, "UDP")))
                yield return $"{pod.Name} cannot ask for {names.Name}";
        foreach (var server in all.Servers)
        {
            var collector = server.Environment.GetValueOrDefault(CollectorVariable);
            if (collector is null != !Has(all, "otlp") || (collector is not null && collector != "http://otel-collector.monitoring:4317"))
                yield return $"{server.Name} tells its traces to {collector ?? "nobody"}, and may speak with {(Has(all, "otlp") ? "otel-collector.monitoring at 4317" : "no collector")}";
        }
    }

    private static bool Has(Manifests all, string policy) => all.All<V1NetworkPolicy>().Any(one => one.Metadata.Name == policy);

    /// <summary>The ports as the processes' arguments say them.</summary>
    private static Dictionary<string, int> Ports(Manifests all)
    {
        var host = all.Hosts.First();
        var gateway = all.Servers.Single(one => one.Component == "gateway");
        return new Dictionary<string, int>
        {
            ["http"] = int.Parse(gateway.Option("--port")!), ["health"] = int.Parse(gateway.Option("--health-port")!),
            ["silo"] = int.Parse(host.Option("--silo-port")!), ["silo-gateway"] = int.Parse(host.Option("--gateway-port")!),
            ["redis"] = new Uri(gateway.Environment[ClusterOptions.StoreVariable]).Port,
        };
    }

    private static bool MaySend(string from, string to, int port, Dictionary<string, int> ports, Manifests all) =>
        AmongProcesses(from, to, port, ports)
        || ((IsHost(from) || from is "gateway" or "fetch") && (to is "names" or "names of the node") && port == 53)
        || ((IsHost(from) || from == "gateway") && to == "collector" && port == 4317 && Has(all, "otlp"))
        || (from == "fetch" && to == "internet" && port == 443);

    /// <summary>The gateway's port wants keys, and is for all that reach it.</summary>
    private static bool MayTake(string from, string to, int port, Dictionary<string, int> ports, Manifests all) =>
        AmongProcesses(from, to, port, ports)
        || (to == "gateway" && port == ports["http"])
        || (from == "prometheus" && (IsHost(to) || to == "gateway") && port == ports["health"] && Has(all, "metrics"));

    private static bool AmongProcesses(string from, string to, int port, Dictionary<string, int> ports) =>
        (IsHost(from) && IsHost(to) && port == ports["silo"])
        || (from == "gateway" && IsHost(to) && port == ports["silo-gateway"])
        || ((IsHost(from) || from == "gateway") && to == "redis" && port == ports["redis"]);

    private static bool IsHost(string component) => component is "engine" or "experts";
}
