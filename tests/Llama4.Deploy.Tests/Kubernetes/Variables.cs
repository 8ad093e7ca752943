using System.Text.RegularExpressions;
using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Environment variables as the kubelet sets them: in order, each with those before it written in.</summary>
internal static partial class Variables
{
    public static IReadOnlyDictionary<string, string> Of(Workload workload)
    {
        var values = new Dictionary<string, string>();
        foreach (var variable in workload.Container.Env ?? [])
        {
            values[variable.Name] = variable.ValueFrom is { } source ? Given(source, workload) : Expand(variable.Value ?? "", values);
        }

        return values;
    }

    /// <summary>$(NAME) with a value that is known; others stay as they stand.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> values) =>
        Reference().Replace(text, match => values.TryGetValue(match.Groups[1].Value, out var value) ? value : match.Value);

    private static string Given(V1EnvVarSource source, Workload workload) => (source.FieldRef?.FieldPath, source.ResourceFieldRef?.Resource, source.SecretKeyRef?.Key) switch
    {
        ("metadata.name", _, _) => $"{workload.Name}-0",
        ("metadata.namespace", _, _) => "llama4",
        ("status.podIP", _, _) => "10.1.2.3",
        ("spec.nodeName", _, _) => "node-0",
        ({ } field, _, _) when Label().Match(field) is { Success: true } label =>
            workload.Labels.TryGetValue(label.Groups[1].Value, out var value) ? value
            : label.Groups[1].Value == "topology.kubernetes.io/zone" ? "zone-a" // Kubernetes puts it there
            : throw new InvalidDataException($"{workload.Name}: {field} is a label that its pods do not have"),
        (_, "requests.cpu", _) => workload.Container.Resources.Requests.TryGetValue("cpu", out var cpu) ? $"{(int)Math.Ceiling(cpu.ToDecimal())}" : "0",
        (_, _, { } key) => $"{key}-0123456789abcdef",
        _ => throw new InvalidDataException($"{workload.Name}: a variable from nowhere"),
    };

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^metadata\.labels\['(.+)'\]$")]
    private static partial Regex Label();
}
