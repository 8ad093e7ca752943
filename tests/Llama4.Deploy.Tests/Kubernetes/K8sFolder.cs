using System.Collections.Concurrent;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>deploy/k8s, or a copy of it that a test adds to.</summary>
internal sealed class K8sFolder : IDisposable
{
    public static string Root { get; } = Path.Combine(Golden.Checkout, "deploy", "k8s");

    public static string[] Overlays { get; } = [.. Directory.GetDirectories(Path.Combine(Root, "overlays")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    public static string Overlay(string name) => Path.Combine(Root, "overlays", name);

    private static readonly ConcurrentDictionary<string, Manifests> Built = new();

    /// <summary>An overlay of the checkout, built once.</summary>
    public static Manifests Manifests(string overlay) => Built.GetOrAdd(overlay, name => new Manifests(Kustomization.Build(Overlay(name))));

    private readonly string _copy = Directory.CreateTempSubdirectory("llama4-k8s-").FullName;

    public string this[string path] => Path.Combine(_copy, path);

    /// <summary>A copy, with an overlay of minikube-cpu and every component, whose secrets are there.</summary>
    public static K8sFolder WithEverything()
    {
        var copy = new K8sFolder();
        foreach (var file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
        {
            var to = copy[Path.GetRelativePath(Root, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        foreach (var secret in (string[])["redis-password", "admin-key", "keys.jsonl", "model-token"])
        {
            File.WriteAllText(copy[$"components/secrets/{secret}"], "0123456789abcdef0123456789abcdef\n");
        }

        var secrets = copy["components/secrets/kustomization.yaml"];
        File.WriteAllText(secrets, File.ReadAllText(secrets).Replace("# - model-token", "- model-token", StringComparison.Ordinal));

        Directory.CreateDirectory(copy["overlays/everything"]);
        var components = Directory.GetDirectories(copy["components"]).Select(folder => $"  - ../../components/{Path.GetFileName(folder)}").Order(StringComparer.Ordinal);
        File.WriteAllText(
            copy["overlays/everything/kustomization.yaml"],
            $"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: llama4\nresources:\n  - ../minikube-cpu\ncomponents:\n{string.Join('\n', components)}\n");
        return copy;
    }

    public void Dispose() => Directory.Delete(_copy, recursive: true);
}
