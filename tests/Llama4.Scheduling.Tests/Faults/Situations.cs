using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

/// <summary>A plan over five hosts: one in front, two with experts, one that stands by for the second's, one that has nothing.</summary>
internal static class Situations
{
    public static readonly HostId Front = new("front");
    public static readonly HostId Idle = new("idle");

    public static readonly HostId[] All = [Front, new("experts-1"), new("experts-2"), new("standby"), Idle];

    public static PlacementPlan Plan { get; } = new(
        3,
        Front,
        Front,
        [.. Enumerable.Range(0, 2).Select(layer => new LayerPlacement(
            layer, Front, [new ExpertGroupPlacement(0, 0, 8, All[1]), new ExpertGroupPlacement(1, 8, 8, All[2]) { Standbys = [All[3]] }]))]) { Hosts = All };

    /// <summary>The plan is in force and everybody is there.</summary>
    public static PlanSituation Good() => new(Plan, IsCommitted: true, All, All, []);

    /// <summary>These do not answer, and membership has not noticed.</summary>
    public static PlanSituation Without(params string[] lost) => Good() with { Candidates = [.. All.Where(host => !lost.Contains(host.Name))] };
}
