using System.Text;
using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The component that makes the Secret of files, with files as <c>openssl rand -hex 24 > FILE</c> writes them; what is made of them is used in <see cref="PodTests"/>.</summary>
public class SecretsTests
{
    [Fact]
    public void Component_TakesItsFiles_WithTheirLineEnds()
    {
        using var everything = K8sFolder.WithEverything();

        var secret = new Manifests(Kustomization.Build(everything["overlays/everything"])).All<V1Secret>().Single(one => one.Metadata.Name == "llama4-secrets");

        secret.Data.Keys.Order().ShouldBe(["admin-key", "keys.jsonl", "model-token", "redis-password"]);
        secret.Data.Values.ShouldAllBe(value => Encoding.UTF8.GetString(value).EndsWith('\n'));
    }

    /// <summary>None of them is ever committed.</summary>
    [Fact]
    public void Component_NamesFilesThatGitIgnores()
    {
        var folder = Path.Combine(K8sFolder.Root, "components", "secrets");
        var named = File.ReadLines(Path.Combine(folder, "kustomization.yaml")).SkipWhile(line => line != "    files:").Skip(1).TakeWhile(line => line.StartsWith("      ", StringComparison.Ordinal))
            .Select(line => line.TrimStart(' ', '#', '-').Split(' ')[0]);

        named.Order().ShouldBe(File.ReadLines(Path.Combine(folder, ".gitignore")).Order());
    }
}
