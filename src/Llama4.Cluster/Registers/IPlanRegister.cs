using Llama4.Contracts;

namespace Llama4.Cluster.Registers;

/// <summary>What a cluster agrees on: who makes the plans, and the plan.</summary>
/// <param name="Term">Grows with each change.</param>
/// <param name="Leader">Who changed it.</param>
/// <param name="Plan">Null before the first; its epoch is the term it was written with.</param>
[GenerateSerializer, Immutable, Alias("llama4.PlanRecord")]
internal sealed record PlanRecord([property: Id(0)] long Term, [property: Id(1)] HostId Leader, [property: Id(2)] PlacementPlan? Plan);

/// <summary>One record outside of all hosts, changed by compare-and-set only.</summary>
internal interface IPlanRegister
{
    /// <summary>Null where nothing was ever written.</summary>
    /// <exception cref="Exception">The store does not answer.</exception>
    Task<PlanRecord?> ReadAsync();

    /// <summary>Writes <paramref name="next"/> if the record's term is <paramref name="term"/> (0: there is none).</summary>
    /// <exception cref="Exception">The store does not answer; it may have been written.</exception>
    Task<bool> TrySetAsync(long term, PlanRecord next);
}
