using System.Text.RegularExpressions;
using k8s.Models;
using Llama4.Cluster.Hosting;
using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Server.Serving;
using Llama4.Server.Verbs;
using Orleans.Hosting.Kubernetes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What is started is what the program takes: options, variables, ports, probes, time to end.</summary>
internal static partial class ProcessChecks
{
    /// <summary>Slowest volume that a start is to survive.</summary>
    private const double LoadBytesPerS = 100e6;

    /// <summary>On a busy node, with nothing to load.</summary>
    private static readonly TimeSpan StartMin = TimeSpan.FromMinutes(1);

    /// <summary>Variables that the program reads, beside those that arguments are made of.</summary>
    private static readonly string[] Read =
    [
        ClusterOptions.StoreVariable, ClusterOptions.AdminKeyVariable, "OTEL_EXPORTER_OTLP_ENDPOINT",
        "POD_NAME", "POD_NAMESPACE", "POD_IP", "ORLEANS_SERVICE_ID", "ORLEANS_CLUSTER_ID",
    ];

    /// <summary>Beside all that is waited for, for the process to end.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    public static IEnumerable<string> Arguments(Manifests all)
    {
        foreach (var workload in all.Servers)
        {
            foreach (var error in ServeArguments.Errors(workload))
                yield return error;
            foreach (var text in workload.Arguments.Concat(workload.Environment.Values).Where(text => text.Contains("$(", StringComparison.Ordinal)))
                yield return $"{workload.Name}: {text} is not defined, or later";
            var written = string.Join(' ', (workload.Container.Args ?? []).Concat(workload.Container.Env.Select(one => one.Value)));
            foreach (var name in workload.Environment.Keys.Except(Read).Where(name => !written.Contains($"$({name})", StringComparison.Ordinal)))
                yield return $"{workload.Name}: the program knows no {name}, and no argument is made of it";
            if (workload.Arguments.Any(argument => argument.Contains("redis-password", StringComparison.Ordinal)))
                yield return $"{workload.Name} has the store's password on its command line";
            if (workload.Container.Command is not null)
                yield return $"{workload.Name} runs {workload.Container.Command[0]} instead of the image's program";
            if (workload.Pod.EnableServiceLinks != false)
                yield return $"{workload.Name} is given variables by the names of services, like LLAMA4_PORT";
        }
    }

    /// <summary>Orleans' own variables and labels say what the command line says.</summary>
    public static IEnumerable<string> Identity(Manifests all)
    {
        foreach (var host in all.Hosts)
        {
            if (PodOf(host) is not { Namespace: "llama4" } pod || pod.Name != $"{host.Name}-0" || $"{pod.Address}" != "10.1.2.3")
                yield return $"{host.Name} is not told its pod";
            if (host.Option("--zone") is not ("node-0" or "zone-a"))
                yield return $"{host.Name} is told {host.Option("--zone") ?? "nothing"} for its node or its zone";
            if (host.Option("--advertise") is not null || host.Option("--name") is not null)
                yield return $"{host.Name} has another name or address than its pod";
        }

        foreach (var server in all.Servers)
        {
            if (server.Option("--cluster-id") is not { } id || !server.Labels.TryGetValue(KubernetesHostingOptions.ClusterIdLabel, out var label) || id != label)
                yield return $"{server.Name}: --cluster-id is not that of the label {KubernetesHostingOptions.ClusterIdLabel}";
        }

        if (all.Servers.Select(server => server.Labels.TryGetValue(KubernetesHostingOptions.ServiceIdLabel, out var service) ? service : "").Distinct().Count() > 1
            || all.Hosts.Any(host => !host.Environment.TryGetValue(KubernetesHostingOptions.ServiceIdEnvironmentVariable, out var service) || service != host.Labels[KubernetesHostingOptions.ServiceIdLabel]))
            yield return "the processes are of several services";
        if (all.Servers.Select(server => server.Option("--cluster-id")).Distinct().Count() > 1)
            yield return "the processes are of several clusters";
        if (all.Servers.Select(server => server.Option("--kv-memory")).Distinct().Count() > 1)
            yield return "--kv-memory must be the same on all hosts";
        if (all.Servers.Select(server => server.Option("--model")).Distinct().Count() > 1)
            yield return "the processes have several models";
    }

    private static KubernetesPod? PodOf(Workload host)
    {
        try
        {
            return KubernetesPod.OfEnvironment(name => host.Environment.GetValueOrDefault(name));
        }
        catch (ClusterRequestException)
        {
            return null;
        }
    }

    public static IEnumerable<string> Ports(Manifests all)
    {
        (string Name, string Option)[] known = [("http", "--port"), ("silo", "--silo-port"), ("silo-gateway", "--gateway-port"), ("health", "--health-port")];
        foreach (var server in all.Servers)
        {
            foreach (var port in server.Container.Ports)
                if (known.FirstOrDefault(one => one.Name == port.Name) is not { Option: { } option } || server.Option(option) != $"{port.ContainerPort}" || port.Protocol is not (null or "TCP"))
                    yield return $"{server.Name}: port {port.Name} {port.ContainerPort} is no option's";
            foreach (var (name, option) in known)
                if (server.Option(option) is not null && server.Container.Ports.All(port => port.Name != name))
                    yield return $"{server.Name}: {option} is no port of the container";
            if (!server.Template.Metadata.Annotations.TryGetValue("prometheus.io/port", out var scraped) || scraped != server.Option("--health-port"))
                yield return $"{server.Name}: Prometheus is sent to another port than that of metrics";
            if (!server.Template.Metadata.Annotations.TryGetValue("prometheus.io/scrape", out var scrape) || scrape != "true")
                yield return $"{server.Name}: Prometheus is not to scrape it";
            if (server.Option("--health-bind") != "0.0.0.0" || (server.Option("--port") is not null && server.Option("--bind") != "0.0.0.0"))
                yield return $"{server.Name} listens on loopback only";
            if (!Uri.TryCreate(server.Environment.GetValueOrDefault(ClusterOptions.StoreVariable), UriKind.Absolute, out var store)
                || !all.All<V1Service>().Any(service => service.Metadata.Name == store.Host && service.Spec.Ports.Any(port => port.Port == store.Port)))
                yield return $"{server.Name}: the store is no service";
            if (server.Pod.DnsPolicy is not (null or "ClusterFirst"))
                yield return $"{server.Name} does not ask the cluster for the store's name";
        }

        foreach (var gateway in all.Servers.Where(one => one.Component == "gateway"))
            if (gateway.Option("--port") != ServeArguments.Default("--port"))
                yield return $"{gateway.Name}: another port than the program's own";
        if (all.Hosts.Any(host => host.Option("--silo-port") is null or "0" || host.Option("--gateway-port") is null or "0"))
            yield return "ports between hosts are not fixed";
    }

    public static IEnumerable<string> Probes(Manifests all)
    {
        foreach (var workload in all.Workloads.Where(one => one.Kind != "Job"))
        {
            var pod = workload.Container;
            foreach (var (name, probe, path) in new[] { ("startup", pod.StartupProbe, "/health/started"), ("readiness", pod.ReadinessProbe, "/health/ready"), ("liveness", pod.LivenessProbe, "/health/live") })
            {
                if (probe is null)
                    yield return $"{workload.Name} has no {name} probe";
                else if (all.Servers.Contains(workload) && (probe.HttpGet?.Path != path || probe.HttpGet.Port.Value != "health"))
                    yield return $"{workload.Name}: the {name} probe asks for {probe.HttpGet?.Path} at {probe.HttpGet?.Port.Value}";
                foreach (var variable in Shell.UnknownVariables(probe?.Exec?.Command ?? [], workload.Environment.Keys))
                    yield return $"{workload.Name}: the {name} probe reads ${variable}, which the container has not";
            }

            var window = (pod.StartupProbe?.PeriodSeconds ?? 0) * (pod.StartupProbe?.FailureThreshold ?? 0);
            var load = all.Hosts.Contains(workload) ? (double)pod.Resources.Requests["memory"].ToDecimal() / LoadBytesPerS : 0; // what the plan gives it, and more
            if (window < Math.Max(load, StartMin.TotalSeconds))
                yield return $"{workload.Name} has {window} s to start and may need {Math.Max(load, StartMin.TotalSeconds):0} s";
        }
    }

    public static IEnumerable<string> Grace(Manifests all)
    {
        var limits = new GatewayLimits();
        foreach (var store in all.Workloads.Where(one => one.Component == "redis" && (one.Pod.TerminationGracePeriodSeconds is not { } grace || grace < Slack.TotalSeconds)))
            yield return $"{store.Name} has {store.Pod.TerminationGracePeriodSeconds} s to write what it has been told";
        foreach (var workload in all.Workloads.Where(one => one.Container.Lifecycle?.PreStop is { Sleep: null }))
            yield return $"{workload.Name}: its preStop takes nobody knows how long";
        foreach (var server in all.Servers)
        {
            var gateway = server.Component == "gateway";
            var before = TimeSpan.FromSeconds(server.Container.Lifecycle?.PreStop?.Sleep?.Seconds ?? 0);
            if (gateway && before < TimeSpan.FromSeconds(5))
                yield return $"{server.Name} ends while requests are still sent to it";
            var needed = before + (gateway ? limits.ShutdownLimit + limits.ShutdownGrace : TimeSpan.Zero) + ClusterServer.ChatLimit + ClusterServer.LeaveLimit + Slack;
            if (server.Pod.TerminationGracePeriodSeconds is not { } grace || grace < needed.TotalSeconds)
                yield return $"{server.Name} has {server.Pod.TerminationGracePeriodSeconds} s to end and may need {needed.TotalSeconds} s";
        }
    }

    public static IEnumerable<string> Images(Manifests all)
    {
        foreach (var image in all.Workloads.SelectMany(one => one.Pod.Containers.Concat(one.Pod.InitContainers ?? [])).Select(container => container.Image))
            if (!image.Contains("@sha256:", StringComparison.Ordinal) && !Pinned().IsMatch(Kustomization.Split(image).Tag))
                yield return $"{image} is not pinned";
        if (all.Servers.Select(server => server.Container.Image).Distinct().Count() > 1)
            yield return "the processes are of several versions";
    }

    /// <summary>A version of three numbers.</summary>
    [GeneratedRegex(@"^v?\d+\.\d+\.\d+")]
    private static partial Regex Pinned();
}
