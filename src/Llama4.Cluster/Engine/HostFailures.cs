using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Engine;

/// <summary>Failures that say nothing about the step: a host it went through is gone, or serves another plan by now.</summary>
internal static class HostFailures
{
    /// <summary>From a failure to the next attempt by the same plan; a new plan does not wait for it.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>So long may every step fail before its sequences end with an error: a host that restarts and loads a large part of a model.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static bool Is(Exception failure) => failure is HostUnreachableException or StaleEpochException or OrleansException or TimeoutException or OperationCanceledException;
}
