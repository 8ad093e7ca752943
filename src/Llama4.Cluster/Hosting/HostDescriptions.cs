using System.Net;
using Llama4.Cluster.Agents;
using Llama4.Compute.Measure;
using Llama4.Contracts;

namespace Llama4.Cluster.Hosting;

/// <summary>What this process brings to a cluster.</summary>
internal static class HostDescriptions
{
    /// <summary>Measured speeds are told in steps of this factor: hosts of one kind are alike to the planner, whatever else ran beside the measurement.</summary>
    private const double SpeedStep = 1.5;

    public static HostDescription Of(ModelHost host, ClusterHostOptions options, IPEndPoint endpoint, MachineFigures measured) => new(
        host.Id,
        Environment.ProcessId,
        endpoint.ToString(),
        host.Identity,
        options.Roles,
        options.Zone,
        options.MemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Stepped(measured.ReadGbPerSecond * 1e9),
        Stepped(measured.FmaGflopPerSecond * 1e9));

    /// <summary>A cluster in one process.</summary>
    public static HostDescription Of(ModelHost host, IPEndPoint endpoint, HostRoles roles = HostRoles.Any, long? bytes = null) => new(
        host.Id, Environment.ProcessId, endpoint.ToString(), host.Identity, roles, "", bytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, 0, 0);

    private static double Stepped(double perS) => Math.Pow(SpeedStep, Math.Round(Math.Log(perS, SpeedStep)));
}
