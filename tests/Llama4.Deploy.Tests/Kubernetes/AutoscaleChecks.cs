using System.Text.RegularExpressions;
using k8s.Models;
using Llama4.Gateway;
using Llama4.Scheduling;
using Llama4.Server.Serving;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What is scaled is there, by figures that the adapter has, from series that the program tells.</summary>
internal static partial class AutoscaleChecks
{
    public static IEnumerable<string> Autoscalers(Manifests all)
    {
        var rules = AdapterRules.Read(Path.Combine(K8sFolder.Root, "components", "autoscale", "prometheus-adapter.yaml"));
        var table = MetricsTable();
        foreach (var scaler in all.All<V2HorizontalPodAutoscaler>())
        {
            var (name, spec) = (scaler.Metadata.Name, scaler.Spec);
            var target = all.Workloads.FirstOrDefault(one => one.Kind == spec.ScaleTargetRef.Kind && one.Name == spec.ScaleTargetRef.Name);
            if (target is null)
                yield return $"{name} scales {spec.ScaleTargetRef.Name}, which is not there";
            else if (Said(all, target) is { } pinned)
                yield return $"{target.Name} says {pinned} pods: to apply it again undoes what {name} has done";
            if (spec.MaxReplicas <= spec.MinReplicas)
                yield return $"{name} has {spec.MinReplicas} to {spec.MaxReplicas} pods";
            foreach (var (kind, metric) in spec.Metrics.Select(one => (one.Type, one.Pods?.Metric.Name ?? one.External?.Metric.Name ?? "")))
                if (!rules.Any(rule => rule.Kind == kind && rule.Name == metric))
                    yield return $"{name} asks for {metric}, which prometheus-adapter has no rule for";
            string[] wanted = spec.ScaleTargetRef.Kind == "StatefulSet" ? ["llama4_sequences_waiting", "llama4_kv_use"] : ["llama4_requests_running"];
            if (!spec.Metrics.Select(one => one.Pods?.Metric.Name ?? one.External?.Metric.Name ?? "").Order().SequenceEqual(wanted.Order()))
                yield return $"{name} does not go by {string.Join(" and ", wanted)}";
            foreach (var external in spec.Metrics.Select(one => one.External).OfType<V2ExternalMetricSource>())
                if (external.Target is not { Type: "Value", Value: { } value } || value.ToDecimal() <= 0 || (external.Metric.Name == "llama4_kv_use" && value.ToDecimal() >= 1))
                    yield return $"{name}: {external.Metric.Name} is never reached, or always";
            if (spec.ScaleTargetRef.Kind == "StatefulSet")
            {
                if (!OneByOne(spec.Behavior?.ScaleDown))
                    yield return $"{name} takes away hosts faster than they drain";
                if (!OneByOne(spec.Behavior?.ScaleUp))
                    yield return $"{name} adds hosts faster than they load";
                if (spec.Behavior?.ScaleDown?.StabilizationWindowSeconds is not { } calm || calm < spec.Behavior.ScaleDown.Policies[0].PeriodSeconds)
                    yield return $"{name} takes away hosts that it has just added";
            }

            foreach (var pods in spec.Metrics.Select(one => one.Pods).OfType<V2PodsMetricSource>())
                if (pods.Target is not { Type: "AverageValue", AverageValue: { } value } || value.ToDecimal() <= 0 || value.ToDecimal() >= new GatewayLimits().ConcurrentRequestsMax)
                    yield return $"{name} waits until gateways refuse requests";
        }

        foreach (var workload in all.Workloads.Where(one => one.Kind != "Job" && Said(all, one) is null))
            if (!all.All<V2HorizontalPodAutoscaler>().Any(one => one.Spec.ScaleTargetRef.Kind == workload.Kind && one.Spec.ScaleTargetRef.Name == workload.Name))
                yield return $"nobody says how many pods {workload.Name} has";
        if (all.All<V2HorizontalPodAutoscaler>().Any() && Lacking(all) is { } lacking)
            yield return $"with the fewest hosts {lacking}";
        foreach (var series in rules.SelectMany(rule => rule.Series).Where(series => !table.Contains(series)))
            yield return $"{series} is not in the table of metrics";
    }

    private static bool OneByOne(V2HPAScalingRules? rules) => rules is { SelectPolicy: not "Disabled", Policies: [{ Type: "Pods", Value: 1, PeriodSeconds: var period }] }
        && period >= ClusterServer.LeaveLimit.TotalSeconds;

    /// <summary>The number in the manifest itself.</summary>
    private static int? Said(Manifests all, Workload workload) => workload.Kind == "StatefulSet"
        ? all.All<V1StatefulSet>().Single(one => one.Metadata.Name == workload.Name).Spec.Replicas
        : all.All<V1Deployment>().Single(one => one.Metadata.Name == workload.Name).Spec.Replicas;

    /// <summary>What the plan of the fewest hosts lacks; null for nothing.</summary>
    private static string? Lacking(Manifests all)
    {
        try
        {
            var standbys = all.Hosts.Min(host => int.Parse(host.Option("--standby")!));
            return PlacedCluster.Of(all).Parts().FirstOrDefault(part => part.Holders.Length <= standbys) is { Part: { } part } ? $"{part} are held by too few" : null;
        }
        catch (PlacementException error)
        {
            return $"there is no plan: {error.Message}";
        }
    }

    /// <summary>Names in the tables of the documents, like `llama4_requests_running`.</summary>
    private static HashSet<string> MetricsTable() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Golden.Checkout, "docs"), "*metrics*.md", SearchOption.AllDirectories).SelectMany(File.ReadLines)
            .Where(line => line.StartsWith('|')).SelectMany(line => Series().Matches(line)).Select(match => match.Value),
    ];

    [GeneratedRegex(@"\bllama4_[a-z0-9_]+\b")]
    public static partial Regex Series();
}

/// <summary>A rule of prometheus-adapter: what Kubernetes calls a figure, and from which series it is.</summary>
internal sealed record AdapterRules(string Kind, string Name, IReadOnlyList<string> Series)
{
    public static List<AdapterRules> Read(string file)
    {
        var rules = YamlJson.Documents(File.ReadAllText(file)).Single()["rules"]!;
        return
        [
            .. new[] { ("Pods", "custom"), ("External", "external") }.SelectMany(kind => rules[kind.Item2]!.AsArray().Select(rule =>
            {
                var series = AutoscaleChecks.Series().Match((string)rule!["seriesQuery"]!).Value;
                var query = (string)rule["metricsQuery"]!;
                return new AdapterRules(kind.Item1, (string?)rule["name"]?["as"] ?? series, [series, .. AutoscaleChecks.Series().Matches(query).Select(match => match.Value)]);
            })),
        ];
    }
}
