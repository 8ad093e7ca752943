using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What an overlay sends to Kubernetes, as Kubernetes' own types.</summary>
internal sealed class Manifests
{
    /// <summary>Each kind that may be in an overlay; those of cert-manager are checked by <see cref="CertManager"/>.</summary>
    private static readonly Dictionary<string, Type> Types = new()
    {
        ["v1/Namespace"] = typeof(V1Namespace), ["v1/ServiceAccount"] = typeof(V1ServiceAccount), ["v1/Service"] = typeof(V1Service),
        ["v1/ConfigMap"] = typeof(V1ConfigMap), ["v1/Secret"] = typeof(V1Secret), ["v1/PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet), ["apps/v1/Deployment"] = typeof(V1Deployment), ["batch/v1/Job"] = typeof(V1Job),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget), ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["networking.k8s.io/v1/Ingress"] = typeof(V1Ingress), ["autoscaling/v2/HorizontalPodAutoscaler"] = typeof(V2HorizontalPodAutoscaler),
    };

    private readonly List<object> _objects = [];

    /// <exception cref="Exception">A field that there is not, or a value of another type.</exception>
    public Manifests(IEnumerable<JsonObject> documents)
    {
        Documents = [.. documents];
        foreach (var document in Documents)
        {
            var kind = $"{document["apiVersion"]}/{document["kind"]}";
            if (CertManager.Knows(kind))
            {
                CertManager.Check(document);
                continue;
            }

            if (!Types.TryGetValue(kind, out var type))
            {
                throw new InvalidDataException($"{kind} is not known here");
            }

            // YAML's reader refuses fields that there are not, JSON's values of another type; neither does both.
            var json = document.ToJsonString();
            _objects.AddRange(KubernetesYaml.LoadAllFromString(json, Types.ToDictionary(), strict: true));
            typeof(KubernetesJson).GetMethods().First(method => method.Name == nameof(KubernetesJson.Deserialize) && method.GetParameters()[0].ParameterType == typeof(string))
                .MakeGenericMethod(type).Invoke(null, [json, null]);
        }
    }

    public IReadOnlyList<JsonObject> Documents { get; }

    public IEnumerable<T> All<T>() => _objects.OfType<T>();

    public IEnumerable<Workload> Workloads =>
    [
        .. All<V1StatefulSet>().Select(one => new Workload("StatefulSet", one.Metadata.Name, one.Spec.Replicas ?? Fewest("StatefulSet", one.Metadata.Name), one.Spec.Selector, one.Spec.Template)),
        .. All<V1Deployment>().Select(one => new Workload("Deployment", one.Metadata.Name, one.Spec.Replicas ?? Fewest("Deployment", one.Metadata.Name), one.Spec.Selector, one.Spec.Template)),
        .. All<V1Job>().Select(one => new Workload("Job", one.Metadata.Name, 1, null, one.Spec.Template)),
    ];

    /// <summary>Those that run <c>llama4 serve</c>.</summary>
    public IEnumerable<Workload> Servers => Workloads.Where(one => one.Container.Name == "llama4");

    /// <summary>Those with a silo.</summary>
    public IEnumerable<Workload> Hosts => Servers.Where(one => one.Component is "engine" or "experts");

    /// <summary>How many pods an autoscaler leaves of what says no number; Kubernetes' one where there is none.</summary>
    private int Fewest(string kind, string name) =>
        All<V2HorizontalPodAutoscaler>().FirstOrDefault(one => one.Spec.ScaleTargetRef.Kind == kind && one.Spec.ScaleTargetRef.Name == name)?.Spec.MinReplicas ?? 1;

    public Manifests With(Action<JsonObject> change, string kind, string name)
    {
        var documents = Documents.Select(document => document.DeepClone().AsObject()).ToList();
        var found = documents.Where(document => (string)document["kind"]! == kind && (string)document["metadata"]!["name"]! == name).ToList();
        found.ShouldHaveSingleItem($"{kind} {name}");
        change(found[0]);
        return new Manifests(documents);
    }
}

/// <summary>Pods of one template.</summary>
/// <param name="Replicas">As planned: where an autoscaler has the say, the fewest that it leaves.</param>
/// <param name="Selector">Null of a Job, whose selector Kubernetes makes.</param>
internal sealed record Workload(string Kind, string Name, int Replicas, V1LabelSelector? Selector, V1PodTemplateSpec Template)
{
    public V1PodSpec Pod => Template.Spec;

    public IDictionary<string, string> Labels => Template.Metadata.Labels;

    public string Component => Labels.TryGetValue("app.kubernetes.io/component", out var component) ? component : "";

    public V1Container Container => Pod.Containers.Single();

    /// <summary>What the container is started with, where what is known only in a cluster is made up.</summary>
    public IReadOnlyList<string> Arguments => [.. (Container.Args ?? []).Select(argument => Variables.Expand(argument, Environment))];

    public IReadOnlyDictionary<string, string> Environment => Variables.Of(this);

    /// <summary>The argument behind an option; null where it is not given.</summary>
    public string? Option(string name) => Arguments.SkipWhile(argument => argument != name).Skip(1).FirstOrDefault();
}
