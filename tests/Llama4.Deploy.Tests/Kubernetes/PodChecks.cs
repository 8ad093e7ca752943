using System.Text.RegularExpressions;
using k8s.Models;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What a pod may do, and what it is given.</summary>
internal static partial class PodChecks
{
    /// <summary>Made by who installs (deploy/k8s/README.md), not by an overlay.</summary>
    private static readonly string[] SecretsOfOthers = ["llama4-secrets", "llama4-tls"];

    public static IEnumerable<string> Rights(Manifests all)
    {
        foreach (var workload in all.Workloads)
        {
            var pod = workload.Pod;
            if (pod.SecurityContext is not { RunAsNonRoot: true, RunAsUser: > 0, RunAsGroup: > 0, SeccompProfile.Type: "RuntimeDefault" } || pod.SecurityContext.SupplementalGroups is not null)
                yield return $"{workload.Name} may be root, or call what it likes";
            if (pod.SecurityContext is { SeLinuxOptions: not null } or { Sysctls: not null } or { AppArmorProfile.Type: not "RuntimeDefault" } || pod.ShareProcessNamespace == true)
                yield return $"{workload.Name} takes rights that nobody needs";
            if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true || (pod.Volumes ?? []).Any(volume => volume.HostPath is not null)
                || pod.Containers.Concat(pod.InitContainers ?? []).SelectMany(container => container.Ports ?? []).Any(port => port.HostPort is not null))
                yield return $"{workload.Name} has a part of the node";
            foreach (var container in pod.Containers.Concat(pod.InitContainers ?? []))
            {
                if (container.SecurityContext is not { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true, Capabilities: { Drop: ["ALL"], Add: null } } || container.SecurityContext.Privileged == true)
                    yield return $"{workload.Name}: {container.Name} has rights";
                // What it says itself counts instead of what the pod says.
                if (container.SecurityContext is { } own && (own.RunAsNonRoot == false || own.RunAsUser == 0 || own.RunAsGroup == 0 || own.SeccompProfile is { Type: not "RuntimeDefault" }
                    || own.AppArmorProfile is { Type: not "RuntimeDefault" } || own.SeLinuxOptions is not null || own.ProcMount is not (null or "Default")))
                    yield return $"{workload.Name}: {container.Name} takes rights that its pod has not";
            }
        }
    }

    /// <summary>Nobody speaks with the Kubernetes API.</summary>
    public static IEnumerable<string> Tokens(Manifests all)
    {
        foreach (var account in all.All<V1ServiceAccount>().Where(one => one.AutomountServiceAccountToken != false))
            yield return $"account {account.Metadata.Name} gives a token";
        foreach (var workload in all.Workloads)
        {
            if (workload.Pod.AutomountServiceAccountToken != false || (workload.Pod.Volumes ?? []).Any(volume => volume.Projected is not null))
                yield return $"{workload.Name} has a token";
            if (!all.All<V1ServiceAccount>().Any(account => account.Metadata.Name == workload.Pod.ServiceAccountName))
                yield return $"{workload.Name} has an account that is not its own";
        }
    }

    public static IEnumerable<string> Volumes(Manifests all)
    {
        foreach (var workload in all.Workloads)
        {
            var claims = all.All<V1StatefulSet>().Where(set => workload.Kind == "StatefulSet" && set.Metadata.Name == workload.Name).SelectMany(set => set.Spec.VolumeClaimTemplates ?? []).Select(claim => claim.Metadata.Name);
            string[] volumes = [.. (workload.Pod.Volumes ?? []).Select(volume => volume.Name), .. claims];
            var mounts = workload.Container.VolumeMounts;
            foreach (var name in mounts.Select(mount => mount.Name).Except(volumes))
                yield return $"{workload.Name} mounts {name}, which is no volume";
            foreach (var name in volumes.Except(mounts.Select(mount => mount.Name)))
                yield return $"{workload.Name} has a volume {name} that is mounted nowhere";
            foreach (var mount in mounts.Where(mount => mount.ReadOnlyProperty != true && mount.MountPath is not ("/tmp" or "/data") && workload.Kind != "Job"))
                yield return $"{workload.Name} may write to {mount.MountPath}";
            // A claim's and a Secret's files are root's and of this group.
            if ((claims.Any() || (workload.Pod.Volumes ?? []).Any(volume => volume.PersistentVolumeClaim is not null || volume.Secret is not null))
                && (workload.Pod.SecurityContext?.FsGroup is not { } group || group != workload.Pod.SecurityContext.RunAsGroup))
                yield return $"{workload.Name} may not read or write the files of its volumes";
            if (!mounts.Any(mount => mount.MountPath == "/tmp" && mount.ReadOnlyProperty != true && (workload.Pod.Volumes ?? []).Any(volume => volume.Name == mount.Name && volume.EmptyDir is not null)))
                yield return $"{workload.Name} has nowhere to write what is temporary";
            foreach (var volume in workload.Pod.Volumes ?? [])
            {
                // Without a source it is an empty folder, whatever it is called.
                if (typeof(V1Volume).GetProperties().Count(property => property.Name != nameof(V1Volume.Name) && property.GetValue(volume) is not null) != 1)
                    yield return $"{workload.Name}: {volume.Name} is of no source";
                if (volume.EmptyDir is { SizeLimit: null })
                    yield return $"{workload.Name}: {volume.Name} may fill the node";
                if (volume.ConfigMap is { } map && all.All<V1ConfigMap>().All(one => one.Metadata.Name != map.Name))
                    yield return $"{workload.Name}: there is no ConfigMap {map.Name}";
                if (volume.Secret is { } secret && !Secret(all, secret.SecretName))
                    yield return $"{workload.Name}: there is no Secret {secret.SecretName}";
                if (volume.PersistentVolumeClaim is { } claim && all.All<V1PersistentVolumeClaim>().FirstOrDefault(one => one.Metadata.Name == claim.ClaimName) is not { } found)
                    yield return $"{workload.Name}: there is no claim {claim.ClaimName}";
                else if (volume.PersistentVolumeClaim is { } shared && workload.Kind != "Job"
                    && (shared.ReadOnlyProperty != true || !all.All<V1PersistentVolumeClaim>().Single(one => one.Metadata.Name == shared.ClaimName).Spec.AccessModes.Contains("ReadOnlyMany")))
                    yield return $"{workload.Name}: the models are not read-only for many";
            }

        }

        foreach (var server in all.Servers)
        {
            var model = server.Option("--model")!;
            if (!model.StartsWith("/app/models/", StringComparison.Ordinal) && !server.Container.VolumeMounts.Any(mount => model.StartsWith(mount.MountPath + "/", StringComparison.Ordinal)))
                yield return $"{server.Name}: {model} is on no volume";
            foreach (var option in (string[])["--api-keys", "--cluster-tls", "--cluster-ca"])
                if (server.Option(option) is { } file && !server.Container.VolumeMounts.Any(mount => file.StartsWith(mount.MountPath + "/", StringComparison.Ordinal)))
                    yield return $"{server.Name}: {file} is on no volume";
        }

    }

    public static IEnumerable<string> Store(Manifests all)
    {
        var redis = all.All<V1StatefulSet>().SingleOrDefault(one => one.Metadata.Name == "llama4-redis");
        var lines = all.All<V1ConfigMap>().SingleOrDefault(one => one.Metadata.Name == "llama4-redis")?.Data["redis.conf"].Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
        string[] conf = [.. lines.GroupBy(line => line.Split(' ')[0]).Select(group => group.Last())]; // Redis takes the last one
        if (!conf.Contains("appendonly yes") || !conf.Contains("maxmemory-policy noeviction") || redis?.Spec.VolumeClaimTemplates is not [{ Spec.AccessModes: ["ReadWriteOnce"] } claim]
            || !redis.Spec.Template.Spec.Containers[0].VolumeMounts.Any(mount => mount.Name == claim.Metadata.Name && conf.Contains($"dir {mount.MountPath}")))
            yield return "the store forgets";
        if (redis?.Spec.Template.Spec.Containers[0] is not { } container || !string.Join(' ', container.Command).Contains("requirepass $(printf %s \"$REDIS_PASSWORD\"", StringComparison.Ordinal)
            || Shell.UnknownVariables(container.Command, container.Env.Select(one => one.Name)).Any() || container.Env.All(variable => variable.Name != "REDIS_PASSWORD" || variable.ValueFrom?.SecretKeyRef is null))
            yield return "the store asks for no password";
        if (!conf.Contains("appendfsync everysec") || redis?.Spec.PersistentVolumeClaimRetentionPolicy is { WhenDeleted: not "Retain" } or { WhenScaled: not "Retain" })
            yield return "the store forgets what it said that it kept";
        if (!conf.Contains("bind * -::*"))
            yield return "the store listens to nobody";
        if (redis?.Spec.Template.Spec.Containers[0] is not { Command: ["/bin/sh", "-c", _] } started || !started.VolumeMounts.Any(mount => mount.Name == "conf" && mount.MountPath == "/conf"))
            yield return "the store is not started with its configuration";
        if (redis?.Spec.Replicas != 1)
            yield return "the store is not one";
        if (!conf.Contains($"port {redis?.Spec.Template.Spec.Containers[0].Ports[0].ContainerPort}"))
            yield return "the store listens at another port";
    }

    public static IEnumerable<string> Doors(Manifests all)
    {
        foreach (var gateway in all.Servers.Where(one => one.Option("--port") is not null))
            if (gateway.Option("--api-keys") is null)
                yield return $"{gateway.Name} answers everybody";
        foreach (var host in all.Hosts.Where(one => one.Option("--admin-port") is null || !one.Container.Env.Any(variable => variable.Name == "LLAMA4_ADMIN_KEY" && variable.ValueFrom?.SecretKeyRef is not null)))
            yield return $"{host.Name} has no operators' interface with a key of theirs";
        foreach (var workload in all.Workloads)
        {
            var variables = workload.Container.Env ?? [];
            foreach (var variable in variables.Where(one => one.Value is not null && (IsSecret().IsMatch(one.Name) || OfUrl().Match(one.Value) is { Success: true } url && !OfSecret(variables, url.Groups["password"].Value))))
                yield return $"{workload.Name}: {variable.Name} holds a secret that stands in the manifest";
        }

        foreach (var server in all.Servers.Where(one => !OfUrl().IsMatch(one.Container.Env.FirstOrDefault(variable => variable.Name == ClusterOptions.StoreVariable)?.Value ?? "")))
            yield return $"{server.Name} has no password for the store";
    }

    /// <summary>$(NAME) of a variable that comes from the Secret.</summary>
    private static bool OfSecret(IEnumerable<V1EnvVar> variables, string text) =>
        variables.Any(one => text == $"$({one.Name})" && one.ValueFrom?.SecretKeyRef?.Name == "llama4-secrets");

    [GeneratedRegex("KEY|PASSWORD|TOKEN|SECRET", RegexOptions.IgnoreCase)]
    private static partial Regex IsSecret();

    [GeneratedRegex("://[^/@:]*:(?<password>[^/@]*)@")]
    private static partial Regex OfUrl();

    private static bool Secret(Manifests all, string name) => SecretsOfOthers.Contains(name) || all.All<V1Secret>().Any(one => one.Metadata.Name == name)
        || all.Documents.Any(one => (string)one["kind"]! == "Certificate" && (string?)one["spec"]!["secretName"] == name);
}
