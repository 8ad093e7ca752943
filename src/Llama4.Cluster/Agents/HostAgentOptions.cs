using Llama4.Scheduling;

namespace Llama4.Cluster.Agents;

/// <summary>How a host takes part in making and carrying out plans.</summary>
/// <param name="Host">What it brings.</param>
/// <param name="Replicas">Wished, when this host leads.</param>
/// <param name="Standbys">Wished, when this host leads.</param>
/// <param name="ExpertGroups">Groups that a layer's experts are cut into where one host has them all.</param>
internal sealed record HostAgentOptions(HostDescription Host, int Replicas, int Standbys, int ExpertGroups)
{
    /// <summary>A cluster in one process: what goes wrong is not waited out but told.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Hosts that the first plan waits for, as all have to be there for it; 1 for none but this.</summary>
    public int HostsMin { get; init; } = 1;

    /// <summary>Which experts get a second owner, when this host leads.</summary>
    public ExpertLoadLimits Load { get; init; } = new();

    /// <summary>When ranges of experts follow measured load, when this host leads.</summary>
    public RangeBalanceLimits Ranges { get; init; } = new();
}
