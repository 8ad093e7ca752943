using k8s.Models;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>A probe says no in time, and not for a pause.</summary>
internal static class ProbeChecks
{
    /// <summary>A container is not ended for standing still as long as a busy node or a pause of the collector makes it.</summary>
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(20);

    /// <summary>What is dead is ended by then.</summary>
    private static readonly TimeSpan DeadMax = TimeSpan.FromMinutes(2);

    /// <summary>Who is not ready is asked nothing any more by then; a rollout learns of readiness after a period.</summary>
    private static readonly TimeSpan UnreadyMax = TimeSpan.FromSeconds(30);

    /// <summary>A probe itself may wait for a processor.</summary>
    private const int TimeoutMinS = 2;

    public static IEnumerable<string> Times(Manifests all)
    {
        foreach (var workload in all.Workloads.Where(one => one.Kind != "Job"))
        {
            var (startup, readiness, liveness) = (workload.Container.StartupProbe, workload.Container.ReadinessProbe, workload.Container.LivenessProbe);
            V1Probe[] probes = [.. new[] { startup, readiness, liveness }.OfType<V1Probe>()];
            foreach (var probe in probes.Where(probe => probe.InitialDelaySeconds is > 0 || probe.SuccessThreshold is > 1 || probe.TerminationGracePeriodSeconds is not null || probe.TimeoutSeconds is not >= TimeoutMinS || probe.TimeoutSeconds > UnreadyMax.TotalSeconds))
                yield return $"{workload.Name}: a probe waits before it asks, hardly at all for an answer, or cuts the time to end";
            foreach (var probe in probes.Where(probe => probe.HttpGet is { Scheme: not (null or "HTTP") } or { Host: not null }))
                yield return $"{workload.Name}: a probe asks {probe.HttpGet.Scheme} of {probe.HttpGet.Host}, where nobody answers";
            if (liveness is not null && (Window(liveness) < PauseMin || Window(liveness) > DeadMax))
                yield return $"{workload.Name} is ended after {Window(liveness).TotalSeconds} s without an answer";
            if (readiness is not null && Window(readiness) > UnreadyMax)
                yield return $"{workload.Name} is asked for {Window(readiness).TotalSeconds} s after it was ready";
            if (workload.Component == "redis" && probes.Any(probe => probe.Exec?.Command is not ["/bin/sh", "-c", { } script] || !script.Contains("redis-cli ping | grep -q PONG", StringComparison.Ordinal)))
                yield return $"{workload.Name}: a probe does not ask the store";
        }
    }

    /// <summary>Kubernetes' defaults, also for 0.</summary>
    private static TimeSpan Window(V1Probe probe) =>
        TimeSpan.FromSeconds((probe.PeriodSeconds is > 0 and var period ? period : 10) * (probe.FailureThreshold is > 0 and var failures ? failures : 3));
}
