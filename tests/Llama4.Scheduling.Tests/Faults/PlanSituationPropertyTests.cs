using CsCheck;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

/// <summary>Whatever becomes of the hosts of whatever plan.</summary>
public class PlanSituationPropertyTests
{
    /// <summary>What a leader may see of a host of the plan.</summary>
    private enum Fate
    {
        Good,
        Suspected,
        Draining,
        Dead,
    }

    private static readonly PlanNeed[] ByUrgency = [PlanNeed.None, PlanNeed.Better, PlanNeed.CommitAgain, PlanNeed.Asked, PlanNeed.Urgent, PlanNeed.TooFew];

    /// <summary>One to six hosts; each part on any of them, and standbys on any.</summary>
    private static readonly Gen<PlacementPlan> Plans =
        from hosts in Gen.Int[1, 6]
        from front in Gen.Int[0, hosts - 1].Array[3]
        from experts in Gen.Int[0, hosts - 1].Array[2]
        from standbys in Gen.Int[-1, hosts - 1].Array[2]
        select new PlacementPlan(
            1,
            Host(front[0]),
            Host(front[1]),
            [new LayerPlacement(0, Host(front[2]), [.. experts.Select((owner, i) => new ExpertGroupPlacement(i, i * 4, 4, Host(owner))
            {
                Standbys = standbys[i] < 0 || standbys[i] == owner ? [] : [Host(standbys[i])],
            })])])
        {
            Hosts = [.. Enumerable.Range(0, hosts).Select(Host)],
        };

    private static readonly Gen<PlanSituation> Any =
        from plan in Plans
        from fates in Gen.Int[0, 5].Select(fate => (Fate)Math.Max(0, fate - 2)).Array[plan.Hosts.Length]
        from newcomers in Gen.Int[0, 2]
        from flags in Gen.Int[0, 15]
        select Situation(plan, fates, newcomers, flags);

    [Fact]
    public void Need_IsNone_ExactlyWhenNothingIsToBeDone() =>
        Any.Sample(situation => (situation.Need == PlanNeed.None).ShouldBe(
            situation is { IsCommitted: true, WasHasty: false, IsUneven: false, Rebalance: false }
            && situation.Candidates.All(situation.Plan!.Hosts.Contains)
            && situation.Plan.Hosts.Where(host => PlanSituation.Holds(situation.Plan, host)).All(situation.Candidates.Contains)), iter: 5000);

    [Fact]
    public void Need_OfAPlanInForce_IsUrgentOrToWaitExactlyWhenAnOwnerIsGoneThatDidNotWantToLeave() =>
        Any.Where(situation => situation.IsCommitted).Sample(situation => (situation.Need is PlanNeed.Urgent or PlanNeed.TooFew).ShouldBe(IsOwnerGone(situation)), iter: 5000);

    [Fact]
    public void Need_OfAPlanNotYetInForce_IsUrgentOrToWaitWhenAnyHostIsGoneUnlessAnotherPlanIsAskedFor() =>
        Any.Where(situation => !situation.IsCommitted).Sample(situation => (situation.Need is PlanNeed.Urgent or PlanNeed.TooFew).ShouldBe(
            IsOwnerGone(situation) || (situation.Need != PlanNeed.Asked && !situation.Plan!.Hosts.All(situation.Candidates.Contains))), iter: 5000);

    /// <summary>Of two parts of a cut network the smaller makes no plan without the other.</summary>
    [Fact]
    public void Need_OfTheSmallerPartOfACutNetwork_IsNeverUrgent() =>
        Gen.Select(Plans, Gen.Int[0, 63], Gen.Bool).Sample((plan, cut, isCommitted) =>
        {
            HostId[] here = [.. plan.Hosts.Where((_, i) => (cut >> i & 1) == 0)];
            var need = new PlanSituation(plan, isCommitted, plan.Hosts, here, []).Need;

            (need == PlanNeed.Urgent && here.Length * 2 < plan.Hosts.Length).ShouldBeFalse();
            (need == PlanNeed.TooFew && here.Length * 2 >= plan.Hosts.Length).ShouldBeFalse();
        }, iter: 5000);

    [Fact]
    public void Need_WhenOneMoreHostOfThePlanFallsSilent_IsNoLessUrgent() =>
        Gen.Select(Any, Gen.Int[0, 5]).Sample((situation, which) =>
        {
            var lost = situation.Plan!.Hosts[which % situation.Plan.Hosts.Length];
            var then = situation with { Candidates = [.. situation.Candidates.Where(host => host != lost)] };

            Array.IndexOf(ByUrgency, then.Need).ShouldBeGreaterThanOrEqualTo(Array.IndexOf(ByUrgency, situation.Need));
        }, iter: 5000);

    /// <summary>Owning is holding; who holds nothing of a plan in force may go without a word.</summary>
    [Fact]
    public void Host_ThatHoldsNothing_IsNotMissed() =>
        Any.Where(situation => situation.IsCommitted).Sample(situation =>
        {
            foreach (var host in situation.Plan!.Hosts)
            {
                (PlanSituation.Owns(situation.Plan, host) && !PlanSituation.Holds(situation.Plan, host)).ShouldBeFalse();
            }

            HostId[] idle = [.. situation.Plan.Hosts.Where(host => !PlanSituation.Holds(situation.Plan, host))];
            var gone = situation with { Candidates = [.. situation.Candidates.Except(idle)], Members = [.. situation.Members.Except(idle)] };
            if (gone.Need != PlanNeed.TooFew && situation.Need != PlanNeed.TooFew) // there they count, as witnesses
            {
                gone.Need.ShouldBe(situation.Need);
            }
        }, iter: 5000);

    private static bool IsOwnerGone(PlanSituation situation) => situation.Plan!.Hosts.Any(
        host => PlanSituation.Owns(situation.Plan, host) && !situation.Candidates.Contains(host) && !situation.Draining.Contains(host));

    /// <param name="flags">Bits: not committed, hasty, rebalance, uneven.</param>
    private static PlanSituation Situation(PlacementPlan plan, Fate[] fates, int newcomers, int flags)
    {
        HostId[] joined = [.. Enumerable.Range(0, newcomers).Select(i => new HostId($"new-{i}"))];
        return new PlanSituation(plan, (flags & 1) == 0, [.. Of(Fate.Good, Fate.Suspected, Fate.Draining), .. joined], [.. Of(Fate.Good), .. joined], Of(Fate.Draining))
        {
            WasHasty = (flags & 2) != 0,
            Rebalance = (flags & 4) != 0,
            IsUneven = (flags & 8) != 0,
        };

        HostId[] Of(params Fate[] any) => [.. plan.Hosts.Where((_, i) => any.Contains(fates[i]))];
    }

    private static HostId Host(int index) => new($"host-{index}");
}
