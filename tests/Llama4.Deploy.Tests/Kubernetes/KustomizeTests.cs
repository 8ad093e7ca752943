using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What the checks read is what <c>kubectl apply -k</c> would send.</summary>
public class KustomizeTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Overlays => [.. K8sFolder.Overlays, "everything"];

    [Theory, MemberData(nameof(Overlays))]
    public async Task OwnBuild_IsKubectls(string overlay)
    {
        using var everything = K8sFolder.WithEverything();
        var folder = everything[$"overlays/{overlay}"];
        var theirs = YamlJson.Documents(await KubectlAsync(folder)).ToDictionary(Name);
        var own = Kustomization.Build(folder).ToDictionary(Name);

        own.Keys.Order().ShouldBe(theirs.Keys.Order());
        foreach (var (name, document) in own)
        {
            JsonNode.DeepEquals(Sorted(document), Sorted(theirs[name])).ShouldBeTrue($"{name}\n{Sorted(document)}\nagainst\n{Sorted(theirs[name])}");
        }
    }

    /// <summary>Kustomize 5 in kubectl 1.27 and later; Debian 12's kubectl has kustomize 2, which knows no components.</summary>
    private static async Task<string> KubectlAsync(string folder)
    {
        Assert.SkipUnless(Machine.HasProgram("kubectl"), "kubectl is not installed");
        var version = await Programs.RunAsync("kubectl", ["version", "--client"], Hang);
        Assert.SkipUnless(version.Output.Contains("Kustomize Version: v5.", StringComparison.Ordinal), "kubectl has no kustomize 5");
        var built = await Programs.RunAsync("kubectl", ["kustomize", folder], Hang);
        built.ExitCode.ShouldBe(0, built.Error);
        return built.Output;
    }

    private static string Name(JsonNode document) => $"{document["kind"]} {document["metadata"]!["name"]}";

    /// <summary>Kustomize adds items before those that are there, this build behind: the order of lists that have keys says nothing.</summary>
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Sorted(field.Value)))),
        JsonArray list when list.All(item => item is JsonObject one && (one.ContainsKey("name") || one.ContainsKey("mountPath"))) =>
            new JsonArray([.. list.Select(Sorted).OrderBy(item => (string?)item!["mountPath"] ?? (string?)item["name"], StringComparer.Ordinal)]),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
