using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What a label selector selects.</summary>
internal static class Labels
{
    /// <summary>Without conditions it selects everything.</summary>
    public static bool Match(this V1LabelSelector selector, IDictionary<string, string> labels) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value)
        && (selector.MatchExpressions ?? []).All(wanted => (wanted.OperatorProperty, labels.TryGetValue(wanted.Key, out var value)) switch
        {
            ("In", var has) => has && wanted.Values.Contains(value!),
            ("NotIn", var has) => !has || !wanted.Values.Contains(value!),
            ("Exists", var has) => has,
            ("DoesNotExist", var has) => !has,
            var (other, _) => throw new InvalidDataException($"operator {other}"),
        });
}
