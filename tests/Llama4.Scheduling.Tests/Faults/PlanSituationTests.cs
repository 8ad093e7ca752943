using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

public class PlanSituationTests
{
    [Fact]
    public void Need_BeforeTheFirstPlan_IsOne() => new PlanSituation(null, false, [Situations.Front], [Situations.Front], []).Need.ShouldBe(PlanNeed.Better);

    [Fact]
    public void Need_WhenEverybodyIsThere_IsNone() => Situations.Good().Need.ShouldBe(PlanNeed.None);

    [Theory]
    [InlineData("front", PlanNeed.Urgent)] // engine, vocabulary, attention
    [InlineData("experts-1", PlanNeed.Urgent)]
    [InlineData("standby", PlanNeed.Better)] // owns nothing
    [InlineData("idle", PlanNeed.None)] // holds nothing
    public void Need_WhenAHostIsSuspected_FollowsFromWhatItHolds(string lost, PlanNeed need) => Situations.Without(lost).Need.ShouldBe(need);

    [Theory]
    [InlineData("front", PlanNeed.Asked)]
    [InlineData("experts-1", PlanNeed.Asked)]
    [InlineData("standby", PlanNeed.Asked)]
    [InlineData("idle", PlanNeed.None)]
    public void Need_WhenAHostDrains_IsToEmptyItIfItHoldsAnything(string leaving, PlanNeed need) =>
        (Situations.Without(leaving) with { Draining = [new HostId(leaving)] }).Need.ShouldBe(need);

    [Theory]
    [InlineData("front", PlanNeed.Urgent)]
    [InlineData("experts-1", PlanNeed.Urgent)]
    [InlineData("standby", PlanNeed.Asked)] // owns nothing
    public void Need_WhenADrainingHostDies_IsThatOfALostOne(string dead, PlanNeed need)
    {
        var host = new HostId(dead);
        var draining = Situations.Without(dead) with { Draining = [host] };

        (draining with { Silent = [host] }).Need.ShouldBe(need);
        (draining with { Members = [.. Situations.All.Where(member => member != host)] }).Need.ShouldBe(need);
    }

    [Fact]
    public void Need_WhenThePlanIsNotInForceAndAnIdleHostOfItIsGone_IsAnotherPlan()
    {
        var situation = Situations.Without("idle") with { IsCommitted = false };

        situation.Need.ShouldBe(PlanNeed.Urgent, "it would never say that the plan is in force there");
        (Situations.Without("idle", "standby", "experts-1") with { IsCommitted = false }).Need.ShouldBe(PlanNeed.TooFew);
    }

    [Fact]
    public void Need_OfAnEngineAlone_IsUrgentToo()
    {
        var plan = Situations.Plan with { Replicas = [Situations.Plan.Replicas[0] with { Engine = Situations.Idle }] };

        PlanSituation.Owns(plan, Situations.Idle).ShouldBeTrue();
        (Situations.Without("idle") with { Plan = plan }).Need.ShouldBe(PlanNeed.Urgent);
    }

    [Fact]
    public void Need_WhenAHostHasJoined_IsABetterPlan()
    {
        var newcomer = new HostId("newcomer");

        (Situations.Good() with { Members = [.. Situations.All, newcomer] }).Need.ShouldBe(PlanNeed.None, "it has not told what it brings");
        (Situations.Good() with { Members = [.. Situations.All, newcomer], Candidates = [.. Situations.All, newcomer] }).Need.ShouldBe(PlanNeed.Better);
    }

    [Fact]
    public void Need_AfterAHastyPlanOrUnderUnevenLoad_IsABetterPlan()
    {
        (Situations.Good() with { WasHasty = true }).Need.ShouldBe(PlanNeed.Better);
        (Situations.Good() with { IsUneven = true }).Need.ShouldBe(PlanNeed.Better);
    }

    [Fact]
    public void Need_WhenThePlanIsNotInForceEverywhere_IsToCommitItBeforeABetterOneButAfterWhatIsAsked()
    {
        var situation = Situations.Good() with { IsCommitted = false };

        situation.Need.ShouldBe(PlanNeed.CommitAgain);
        (situation with { WasHasty = true }).Need.ShouldBe(PlanNeed.CommitAgain);
        (situation with { Rebalance = true }).Need.ShouldBe(PlanNeed.Asked);
    }

    /// <summary>One that is gone, were it even idle, would never say that the plan is in force there.</summary>
    [Fact]
    public void Need_WhenAHostIsLostBeforeThePlanIsInForceEverywhere_IsUrgentWhateverItHolds()
    {
        foreach (var lost in (string[])["front", "experts-1", "standby", "idle"])
        {
            (Situations.Without(lost) with { IsCommitted = false }).Need.ShouldBe(PlanNeed.Urgent, lost);
        }

        (Situations.Without("standby") with { IsCommitted = false, Rebalance = true }).Need.ShouldBe(PlanNeed.Asked);
        (Situations.Without("idle", "standby", "experts-2") with { IsCommitted = false }).Need.ShouldBe(PlanNeed.TooFew);
    }

    [Fact]
    public void Need_OfALostOwner_GoesBeforeWhatAnOperatorAsked()
    {
        (Situations.Without("experts-1") with { Rebalance = true }).Need.ShouldBe(PlanNeed.Urgent);
        (Situations.Without("experts-1", "experts-2") with { Draining = [new HostId("experts-2")] }).Need.ShouldBe(PlanNeed.Urgent);
    }

    /// <summary>Of five hosts: with two lost three go on, with three lost two do not; half of four is enough.</summary>
    [Fact]
    public void Need_WithFewerThanHalfOfThePlansHosts_IsToWait()
    {
        Situations.Without("experts-1", "experts-2").Need.ShouldBe(PlanNeed.Urgent);
        Situations.Without("experts-1", "experts-2", "idle").Need.ShouldBe(PlanNeed.TooFew);
        (Situations.Without("experts-1", "experts-2", "idle") with { Members = Except("idle") }).Need.ShouldBe(PlanNeed.Urgent, "two of four: one is declared dead");
        (Situations.Without("experts-1", "experts-2", "idle") with { Draining = [Situations.Idle] }).Need.ShouldBe(PlanNeed.Urgent, "two of four: one wants to leave");
    }

    [Fact]
    public void Need_WithFewerThanHalf_DoesNotCountNewcomers()
    {
        HostId[] newcomers = [new("new-1"), new("new-2"), new("new-3")];
        var situation = Situations.Without("experts-1", "experts-2", "idle");

        (situation with { Members = [.. Situations.All, .. newcomers], Candidates = [.. situation.Candidates, .. newcomers] }).Need.ShouldBe(PlanNeed.TooFew);
    }

    private static HostId[] Except(string host) => [.. Situations.All.Where(other => other.Name != host)];
}
