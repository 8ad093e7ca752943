using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>The plan in force, for those who call the cluster.</summary>
internal interface IPlanSource
{
    /// <summary>Null before the first.</summary>
    PlacementPlan? Plan { get; }

    /// <summary>The host that makes the plans; null while none is known.</summary>
    HostId? Leader { get; }

    /// <summary>Completes at the next change, and now and then without one. Ask for it before looking at the others.</summary>
    Task Changed { get; }
}
