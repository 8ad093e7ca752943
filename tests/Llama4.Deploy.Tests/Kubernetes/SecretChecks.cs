using k8s.Models;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Each secret comes where it is meant, and nowhere else.</summary>
internal static class SecretChecks
{
    private const string Ours = "llama4-secrets";

    /// <summary>Variables with the key of the Secret that each is of: those that the README's command makes, and the one that a checkpoint may want.</summary>
    private static readonly Dictionary<string, string> KeyOf = new() { ["REDIS_PASSWORD"] = "redis-password", [ClusterOptions.AdminKeyVariable] = "admin-key", ["TOKEN"] = "model-token" };

    private static readonly string[] Keys = [.. KeyOf.Values, "keys.jsonl"];

    /// <summary>Options that take a file of a Secret.</summary>
    private static readonly string[] Files = ["--api-keys", "--cluster-tls", "--cluster-ca"];

    public static IEnumerable<string> Secrets(Manifests all)
    {
        foreach (var workload in all.Workloads)
        {
            foreach (var variable in (workload.Container.Env ?? []).Where(one => one.ValueFrom?.SecretKeyRef is not null))
            {
                var key = variable.ValueFrom.SecretKeyRef;
                if (key.Name != Ours || !Has(all, key.Key) || KeyOf.GetValueOrDefault(variable.Name) != key.Key)
                    yield return $"{workload.Name}: {variable.Name} is {key.Key} of a Secret {key.Name}";
                if ((key.Optional == true) != (variable.Name == "TOKEN"))
                    yield return $"{workload.Name} {(key.Optional == true ? "starts without" : "does not start without")} {key.Key}";
            }

            if (workload.Container.EnvFrom is not null)
                yield return $"{workload.Name} is given more variables than it reads";
            foreach (var secret in (workload.Pod.Volumes ?? []).Select(volume => volume.Secret).OfType<V1SecretVolumeSource>())
            {
                if (secret.Optional == true)
                    yield return $"{workload.Name} starts without {secret.SecretName}";
                if (secret.DefaultMode is not { } mode || mode != Convert.ToInt32("440", 8))
                    yield return $"{workload.Name}: files of {secret.SecretName} are for others too, or not for its group";
                if (secret.SecretName == Ours && (secret.Items is not [{ Key: "keys.jsonl" }] || !Has(all, "keys.jsonl")))
                    yield return $"{workload.Name} is given more of {secret.SecretName} than the hashes of keys, or less";
            }
        }

        foreach (var server in all.Servers)
            foreach (var file in Files.Select(server.Option).OfType<string>().Where(file => !IsThere(server, file)))
                yield return $"{server.Name}: there is no {file}";
    }

    /// <summary>Where the Secret is made by an overlay, in it too.</summary>
    private static bool Has(Manifests all, string key) => Keys.Contains(key)
        && all.All<V1Secret>().All(secret => secret.Metadata.Name != Ours || secret.Data.ContainsKey(key));

    private static bool IsThere(Workload workload, string file)
    {
        var mount = workload.Container.VolumeMounts.FirstOrDefault(one => Path.GetDirectoryName(file) == one.MountPath);
        var secret = (workload.Pod.Volumes ?? []).FirstOrDefault(volume => volume.Name == mount?.Name)?.Secret;
        return secret is not null && (secret.Items?.Any(item => item.Path == Path.GetFileName(file)) ?? true);
    }
}
