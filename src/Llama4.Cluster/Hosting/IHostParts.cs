using Llama4.Contracts;

namespace Llama4.Cluster.Hosting;

/// <summary>The parts of a model that one host holds.</summary>
internal interface IHostParts
{
    /// <summary>Bytes of weights on the device.</summary>
    long WeightBytes { get; }

    /// <summary>Loads what this host owns or stands by for in a plan and does not have, beside what it has.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, by the caller or because nothing more shall be loaded.</exception>
    Task EnsureAsync(PlacementPlan plan, CancellationToken cancellation);

    /// <summary>Lets go of what none of these plans needs here.</summary>
    Task TrimAsync(IReadOnlyList<PlacementPlan> keep);
}
