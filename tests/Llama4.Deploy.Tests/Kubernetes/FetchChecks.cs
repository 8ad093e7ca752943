using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The Job puts what is served where it is served from, and has the time.</summary>
internal static class FetchChecks
{
    /// <summary>As the README's command waits.</summary>
    private const int LimitMinS = 24 * 3600;

    /// <summary>Starts anew with what was loaded before; a broken line is worth many.</summary>
    private const int RetriesMin = 10;

    public static IEnumerable<string> Fetch(Manifests all)
    {
        foreach (var job in all.Workloads.Where(one => one.Kind == "Job"))
        {
            var (spec, mounts) = (all.All<V1Job>().Single(one => one.Metadata.Name == job.Name).Spec, job.Container.VolumeMounts);
            if (spec.BackoffLimit is not >= RetriesMin || spec.ActiveDeadlineSeconds is < LimitMinS || job.Pod.RestartPolicy != "OnFailure")
                yield return $"{job.Name} gives up";
            if (spec.Suspend == true || spec.Parallelism is not (null or 1) || spec.Completions is not (null or 1))
                yield return $"{job.Name} runs several times, or not at all";
            if (spec.TtlSecondsAfterFinished is not null)
                yield return $"{job.Name} is gone before anybody has waited for it";
            var script = job.Container.Command is ["/bin/sh", { } file] ? file : "";
            if (!mounts.Any(mount => mount.MountPath == Path.GetDirectoryName(script) && all.All<V1ConfigMap>().Any(map =>
                map.Data?.ContainsKey(Path.GetFileName(script)) == true && job.Pod.Volumes.Any(volume => volume.Name == mount.Name && volume.ConfigMap?.Name == map.Metadata.Name))))
                yield return $"{job.Name} runs {script}, which is in no ConfigMap that it mounts";
            if (!job.Environment.TryGetValue("SOURCE", out var source) || !job.Environment.TryGetValue("TARGET", out var target) || !job.Environment.ContainsKey("TOKEN"))
            {
                yield return $"{job.Name} is not told from where, to where, or with which token";
                continue;
            }

            if (source.Length == 0)
                continue; // an overlay says
            if (all.Servers.Any(server => server.Option("--model") != target))
                yield return $"{job.Name} fetches another model than is served";
            var claim = mounts.Where(mount => mount.MountPath == Path.GetDirectoryName(target) && mount.ReadOnlyProperty != true)
                .Select(mount => job.Pod.Volumes.Single(volume => volume.Name == mount.Name).PersistentVolumeClaim?.ClaimName).FirstOrDefault();
            var found = all.All<V1PersistentVolumeClaim>().FirstOrDefault(one => one.Metadata.Name == claim);
            if (found?.Spec.AccessModes.Contains("ReadWriteMany") != true)
                yield return $"{job.Name} cannot write to {target}";
            else if (found.Spec.Resources?.Requests?.TryGetValue("storage", out var storage) != true || storage!.ToDecimal() < PlacedCluster.Of(all).WeightBytes)
                yield return $"{target} does not fit on {claim}";
            foreach (var server in all.Servers.Where(server => server.Pod.Volumes.All(volume => volume.PersistentVolumeClaim?.ClaimName != claim)))
                yield return $"{server.Name} reads from another claim than {job.Name} writes to";
        }
    }
}
