using System.Globalization;
using System.Text;
using Llama4.Contracts;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Plan;

/// <summary><c>plan --kubernetes</c>: a plan as the kustomization of an overlay, two folders below deploy/k8s.</summary>
internal static class KubernetesOverlay
{
    /// <summary>Beside what is planned: the process itself, rows on their way, a picture tower that a shape without one does not count, and staging while weights are loaded.</summary>
    private const long OverheadBytes = 4L << 30;

    /// <summary>What a pod may take to start: all that it loads, from a volume that reads no faster, asked for each <see cref="ProbeEveryS"/>.</summary>
    private const long LoadBytesPerS = 100_000_000;

    /// <summary>As in deploy/k8s/base.</summary>
    private const int ProbeEveryS = 5;

    /// <summary>Half an hour, whatever is loaded.</summary>
    private const int ProbesMin = 360;

    /// <summary>Of nodes, where kinds of pods have different devices: a device plugin tells only that there is one.</summary>
    private const string DeviceLabel = "llama4/device";

    /// <summary>How many times the planned hosts an autoscaler may ask for.</summary>
    private const int GrowthMax = 2;

    private static readonly (string Shape, string Repository)[] Released =
    [
        ("scout", "Llama-4-Scout-17B-16E-Instruct"), ("maverick", "Llama-4-Maverick-17B-128E-Instruct"),
    ];

    /// <param name="command">What printed it, for the head of the file.</param>
    /// <param name="cores">Of each pod with a device.</param>
    public static string Render(KubernetesPlan plan, string command, int cores)
    {
        var text = new StringBuilder();
        var report = plan.Report;
        var (name, source) = Checkpoint(report.Source);
        var growing = plan.Workloads.FirstOrDefault(one => one.Component == KubernetesWorkload.Experts) ?? plan.Workloads[0];
        text.Append(CultureInfo.InvariantCulture, $"""
            # Printed by: {command}
            # {ByteSize.Format(report.Request.Shape.WeightBytes)} of weights; {report.Request.Work.Sequences} sequences of {report.Request.Work.Context} tokens; {report.Request.Standbys} standby.{Labels(plan)}
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            namespace: llama4
            resources:
              - ../../base
            components:
              - ../../components/model-volume
              - ../../components/ingress
              - ../../components/monitoring
              - ../../components/autoscale
            patches:

            """);
        foreach (var workload in plan.Workloads)
        {
            Workload(text, plan, workload, pods: workload == growing ? null : workload.Pods, name, cores);
        }

        if (growing.Component == KubernetesWorkload.Engine)
        {
            // The component autoscale takes it from those that it scales by itself, the experts.
            text.Append(CultureInfo.InvariantCulture, $"""
                  - target:
                      kind: StatefulSet
                      name: llama4-{growing.Component}
                    patch: |-
                      - op: remove
                        path: /spec/replicas

                """);
        }

        if (plan.Workloads.All(one => one.Component != KubernetesWorkload.Experts))
        {
            Without(text, "apps/v1", "StatefulSet");
            Without(text, "v1", "Service");
        }

        text.Append(CultureInfo.InvariantCulture, $"""
              - patch: |-
                  apiVersion: apps/v1
                  kind: Deployment
                  metadata:
                    name: llama4-gateway
                  spec:
                    template:
                      spec:
                        containers:
                          - name: llama4
                            env:
                              - name: MODEL
                                value: /models/{name}
                              - name: KV_MEMORY
                                value: "{plan.KvBytes}"
              - patch: |-
                  apiVersion: batch/v1
                  kind: Job
                  metadata:
                    name: llama4-fetch
                  spec:
                    template:
                      spec:
                        containers:
                          - name: fetch
                            env:
                              - name: SOURCE
                                value: {source}
                              - name: TARGET
                                value: /models/{name}
              - patch: |-
                  apiVersion: autoscaling/v2
                  kind: HorizontalPodAutoscaler
                  metadata:
                    name: llama4-hosts
                  spec:
                    scaleTargetRef:
                      name: llama4-{growing.Component}
                    minReplicas: {growing.Pods}
                    maxReplicas: {growing.Pods * GrowthMax}

            """);
        return text.ToString().TrimEnd();
    }

    /// <param name="pods">Null where an autoscaler has the say.</param>
    private static void Workload(StringBuilder text, KubernetesPlan plan, KubernetesWorkload workload, int? pods, string name, int cores)
    {
        var replicas = pods is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\n        replicas: {pods}");
        var device = workload.Resource is { } resource ? string.Create(CultureInfo.InvariantCulture, $"\n                    {resource}: \"1\"") : "";
        var tolerations = workload.Resource is null ? "" : $"""

                        tolerations:
                          - key: {workload.Resource}
                            operator: Exists
                            effect: NoSchedule
            """;
        var node = HasDevices(plan) ? $"""

                        nodeSelector:
                          {DeviceLabel}: {LabelOf(workload)}
            """ : "";
        text.Append(CultureInfo.InvariantCulture, $"""
              - patch: |-
                  apiVersion: apps/v1
                  kind: StatefulSet
                  metadata:
                    name: llama4-{workload.Component}
                  spec:{replicas}
                    template:
                      spec:{tolerations}{node}
                        topologySpreadConstraints:
                          - topologyKey: kubernetes.io/hostname
                            whenUnsatisfiable: DoNotSchedule
                            minDomains: {Math.Min(plan.Nodes, workload.Pods)}
                        containers:
                          - name: llama4
                            env:
                              - name: MODEL
                                value: /models/{name}
                              - name: ROLES
                                value: {RoleList.Text(workload.Roles)}
                              - name: MEMORY
                                value: "{workload.MemoryBytes}"
                              - name: KV_MEMORY
                                value: "{plan.KvBytes}"
                              - name: STANDBY
                                value: "{plan.Report.Request.Standbys}"
                              - name: REPLICAS
                                value: "{plan.Report.Request.Replicas}"
                            startupProbe:
                              failureThreshold: {Math.Max(ProbesMin, (workload.PlannedBytes + OverheadBytes) / LoadBytesPerS / ProbeEveryS * 2)}
                            resources:
                              requests:
                                cpu: "{cores}"
                                memory: {Gibibytes(workload.PlannedBytes)}{device}
                              limits:
                                memory: {Gibibytes(workload.MemoryBytes)}{device}

            """);
    }

    /// <summary>Whether each kind of pod has a device of its own.</summary>
    private static bool HasDevices(KubernetesPlan plan) =>
        plan.Workloads.All(one => one.Device is not null) && plan.Workloads.DistinctBy(one => one.Device).Count() > 1;

    private static string Labels(KubernetesPlan plan) => HasDevices(plan)
        ? string.Concat(plan.Workloads.Select(one => $"\n# Nodes for llama4-{one.Component}: kubectl label node NODE... {DeviceLabel}={LabelOf(one)}"))
        : "";

    /// <exception cref="UsageException">A device of one's own has a name that no label may have.</exception>
    private static string LabelOf(KubernetesWorkload workload)
    {
        var name = workload.Device!;
        return name.Length < 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            ? name
            : throw new UsageException($"--kubernetes: expected devices that nodes can be labelled with, names of letters, digits, '.', '-' and '_', found '{name}'");
    }

    private static void Without(StringBuilder text, string version, string kind) => text.Append(CultureInfo.InvariantCulture, $"""
          - patch: |-
              apiVersion: {version}
              kind: {kind}
              metadata:
                name: llama4-{KubernetesWorkload.Experts}
              $patch: delete

        """);

    /// <summary>Rounded up, with what the process takes beside.</summary>
    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(bytes + OverheadBytes + (1L << 30) - 1) >> 30}Gi");

    /// <summary>What the model is called on its volume, and where the Job gets it: a folder of that name, where the plan was made from a file.</summary>
    private static (string Name, string Source) Checkpoint(string model)
    {
        if (Released.FirstOrDefault(one => one.Shape == model) is { Repository: { } repository } && !Directory.Exists(model))
        {
            return (repository, $"https://huggingface.co/meta-llama/{repository}/resolve/main");
        }

        var folder = File.Exists(model) ? Path.GetDirectoryName(Path.GetFullPath(model))! : Path.TrimEndingDirectorySeparator(Path.GetFullPath(model));
        var name = Path.GetFileName(folder);
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? (name, $"/source/{name}")
            : throw new UsageException($"--kubernetes: expected a model in a folder whose name is of letters, digits, '.', '-' and '_', found '{name}'");
    }
}
