using System.Net;
using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Cluster.Hosting;

/// <summary>What this process brings to a cluster.</summary>
internal static class HostDescriptions
{
    public static HostDescription Of(ModelHost host, ClusterHostOptions options, IPEndPoint endpoint) => new(
        host.Id,
        Environment.ProcessId,
        endpoint.ToString(),
        host.Identity,
        options.Roles,
        options.Zone,
        options.MemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ReadBytesPerS: 0,
        FlopsPerS: 0);

    /// <summary>A cluster in one process.</summary>
    public static HostDescription Of(ModelHost host, IPEndPoint endpoint, HostRoles roles = HostRoles.Any, long? bytes = null) => new(
        host.Id, Environment.ProcessId, endpoint.ToString(), host.Identity, roles, "", bytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, 0, 0);
}
