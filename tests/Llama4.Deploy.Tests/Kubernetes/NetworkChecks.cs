using k8s.Models;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Who may talk to whom at which port: exactly the table below, by the ports that the processes were given.</summary>
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
        new("kubernetes api", null, new Dictionary<string, string>(), "10.96.0.1"),
        new("cloud metadata", null, new Dictionary<string, string>(), "169.254.169.254"),
        new("stray pod", "llama4", new Dictionary<string, string> { ["app"] = "stray" }, "10.1.9.9"),
        new("pod elsewhere", "default", new Dictionary<string, string> { ["app.kubernetes.io/name"] = "llama4", ["app.kubernetes.io/component"] = "engine" }, "10.9.0.5"),
    ];

    public static IEnumerable<string> Policies(Manifests all)
    {
        var network = new Network(all);
        Peer[] own = [.. all.Workloads.Select((one, i) => new Peer(one.Component, "llama4", one.Labels, $"10.1.0.{i + 1}"))];
        var ports = Ports(all);
        foreach (var from in own.Concat(Others))
        {
            foreach (var to in own.Concat(Others).Where(to => own.Contains(from) || own.Contains(to)))
            {
                foreach (var port in ports.Values.Append(9090).Append(443).Append(53).Append(4317).Append(80))
                {
                    var meant = Meant(from.Name, to.Name, port, ports, all);
                    if (network.Allows(from, to, port) != meant)
                        yield return $"{from.Name} {(meant ? "cannot reach" : "reaches")} {to.Name} at {port}";
                }
            }
        }

        foreach (var names in Others.Where(one => one.Name.StartsWith("names", StringComparison.Ordinal)))
            foreach (var pod in own.Where(pod => pod.Name != "redis" && !network.Allows(pod, names, 53, "UDP")))
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

    private static bool Meant(string from, string to, int port, Dictionary<string, int> ports, Manifests all)
    {
        bool host = from is "engine" or "experts", toHost = to is "engine" or "experts";
        // Who may not even send: pods of the namespace, but what is listed.
        var free = from is not ("engine" or "experts" or "gateway" or "redis" or "fetch" or "stray pod");
        return (to == "gateway" && port == ports["http"] && free)
            || (host && toHost && port == ports["silo"])
            || (from == "gateway" && toHost && port == ports["silo-gateway"])
            || ((host || from == "gateway") && to == "redis" && port == ports["redis"])
            || ((host || from is "gateway" or "fetch") && (to is "names" or "names of the node") && port == 53)
            || (from == "prometheus" && (toHost || to == "gateway") && port == ports["health"] && Has(all, "metrics"))
            || ((host || from == "gateway") && to == "collector" && port == 4317 && Has(all, "otlp"))
            || (from == "fetch" && to == "internet" && port == 443);
    }
}
