using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>Why there is to be another plan.</summary>
public enum PlanNeed : byte
{
    /// <summary>The plan in force is the one to have.</summary>
    None,

    /// <summary>The plan that the register holds is not in force everywhere yet.</summary>
    CommitAgain,

    /// <summary>A host that owns something is gone: everybody waits.</summary>
    Urgent,

    /// <summary>A host that holds something wants to leave, or an operator asked.</summary>
    Asked,

    /// <summary>Another plan would be better: a host has joined, a standby is gone, the last plan was made in haste, or load is uneven. It can wait until things are quiet.</summary>
    Better,

    /// <summary>A plan is needed, but not by those that are left: they may be the smaller part of a cut network.</summary>
    TooFew,
}

/// <summary>What a leader knows when it asks itself whether to plan.</summary>
/// <param name="Plan">The last one that was written to the register; null before the first.</param>
/// <param name="IsCommitted">It is in force everywhere.</param>
/// <param name="Members">Hosts that membership has not declared dead.</param>
/// <param name="Candidates">Members that may be given something: known, not suspected, not draining.</param>
/// <param name="Draining">Hosts that want to leave.</param>
public sealed record PlanSituation(
    PlacementPlan? Plan, bool IsCommitted, IReadOnlyCollection<HostId> Members, IReadOnlyCollection<HostId> Candidates, IReadOnlyCollection<HostId> Draining)
{
    /// <summary>Members that do not answer, draining ones among them.</summary>
    public IReadOnlyCollection<HostId> Silent { get; init; } = [];

    /// <summary>The last plan was made in haste, and the next makes up for it.</summary>
    public bool WasHasty { get; init; }

    /// <summary>An operator asked for a plan as if nobody owned anything.</summary>
    public bool Rebalance { get; init; }

    /// <summary>Experts have turned hot or cooled since the plan was made, or ranges are to follow what was measured.</summary>
    public bool IsUneven { get; init; }

    /// <summary>What is needed.</summary>
    public PlanNeed Need
    {
        get
        {
            if (Plan is null)
            {
                return PlanNeed.Better;
            }

            var away = Plan.Hosts.Where(host => !Candidates.Contains(host)).ToArray();
            if (away.Any(host => Owns(Plan, host) && (!Draining.Contains(host) || Silent.Contains(host) || !Members.Contains(host))))
            {
                return MayGoOn ? PlanNeed.Urgent : PlanNeed.TooFew;
            }

            if (Rebalance || away.Any(host => Holds(Plan, host) && Draining.Contains(host)))
            {
                return PlanNeed.Asked;
            }

            if (!IsCommitted)
            {
                // One of its hosts that is gone, were it even idle, would never say that the plan is in force there.
                return away.Length == 0 ? PlanNeed.CommitAgain : MayGoOn ? PlanNeed.Urgent : PlanNeed.TooFew;
            }

            return WasHasty || IsUneven || away.Any(host => Holds(Plan, host)) || Candidates.Any(host => !Plan.Hosts.Contains(host))
                ? PlanNeed.Better
                : PlanNeed.None;
        }
    }

    /// <summary>Something is asked of the host under this plan.</summary>
    public static bool Owns(PlacementPlan plan, HostId host) =>
        plan.Replicas.Any(replica => replica.Engine == host) || !PlanParts.OwnedBy(plan, host).IsEmpty;

    /// <summary>It owns something or stands by for it.</summary>
    public static bool Holds(PlacementPlan plan, HostId host) =>
        plan.Replicas.Any(replica => replica.Engine == host) || !PlanParts.Of(plan, host).IsEmpty;

    /// <summary>At least half of the plan's hosts are left, of those that are neither declared dead nor leaving.</summary>
    private bool MayGoOn
    {
        get
        {
            var counted = Plan!.Hosts.Where(host => Members.Contains(host) && !Draining.Contains(host)).ToArray();
            return counted.Count(Candidates.Contains) * 2 >= counted.Length;
        }
    }
}
