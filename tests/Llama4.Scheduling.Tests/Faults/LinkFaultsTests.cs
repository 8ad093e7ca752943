using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

public class LinkFaultsTests
{
    private static readonly HostId A = new("a");
    private static readonly HostId B = new("b");
    private static readonly HostId C = new("c");

    private readonly LinkFaults _faults = new();

    [Fact]
    public void BrokenLink_LeavesTheCheaperHostOut()
    {
        _faults.Complain(A, [B], S(1));

        _faults.Look(S(1), _ => true, host => host == A ? 5 : 3).ShouldBe((B, A, LinkFaults.HoldLeast));
        _faults.Held(S(1)).ShouldBe([B]);
        _faults.Look(S(1), _ => true, _ => 1).ShouldBeNull("what is left out explains the complaint");
        _faults.Held(S(1) + LinkFaults.HoldLeast).ShouldBeEmpty();
    }

    [Fact]
    public void HostWithMostBrokenLinks_IsTheOneToLeaveOut()
    {
        _faults.Complain(A, [C], S(1));
        _faults.Complain(B, [C], S(1));

        _faults.Look(S(1), _ => true, host => host == C ? 100 : 1)!.Value.Host.ShouldBe(C);
    }

    [Fact]
    public void HostThatTheOthersCannotDoWithout_IsKept()
    {
        _faults.Complain(A, [B], S(1));

        _faults.Look(S(1), _ => true, host => host == B ? null : 9)!.Value.Host.ShouldBe(A);
        _faults.Complain(B, [C], S(1));
        _faults.Look(S(1), _ => true, _ => null).ShouldBeNull();
    }

    /// <summary>A host that the leader does not hear either is a fault of its own.</summary>
    [Fact]
    public void ComplaintAboutAHostThatTheLeaderDoesNotHear_IsNotNeeded()
    {
        _faults.Complain(A, [B], S(1));

        _faults.Look(S(1), host => host != B, _ => 1).ShouldBeNull();
    }

    [Fact]
    public void Complaint_ThatIsTakenBackOrNotRepeated_IsOver()
    {
        _faults.Complain(A, [B], S(1));
        _faults.Complain(A, [], S(1));
        _faults.Look(S(1), _ => true, _ => 1).ShouldBeNull();

        _faults.Complain(A, [B], S(2));
        _faults.Look(S(2) + LinkFaults.Valid + new TimeSpan(1), _ => true, _ => 1).ShouldBeNull();
    }

    [Fact]
    public void HostWhoseLinkIsStillBroken_IsLeftOutForTwiceAsLong()
    {
        var now = S(1);
        for (var hold = LinkFaults.HoldLeast; hold < LinkFaults.HoldMost; hold *= 2)
        {
            _faults.Complain(A, [B], now);
            _faults.Look(now, _ => true, host => host == B ? 1 : 2)!.Value.Hold.ShouldBe(hold);
            now += hold + S(1);
        }

        _faults.Complain(A, [B], now);
        _faults.Look(now, _ => true, host => host == B ? 1 : 2)!.Value.Hold.ShouldBe(LinkFaults.HoldMost);
        now += 4 * LinkFaults.HoldMost;
        _faults.Complain(A, [B], now);
        _faults.Look(now, _ => true, host => host == B ? 1 : 2)!.Value.Hold.ShouldBe(LinkFaults.HoldLeast, "it was whole for long");
    }

    [Fact]
    public void HostThatIsGone_IsForgotten()
    {
        _faults.Complain(A, [B], S(1));
        _faults.Look(S(1), _ => true, host => host == B ? 1 : 2);

        _faults.Keep([B]);

        _faults.Held(S(1)).ShouldBe([B]);
        _faults.Keep([]);
        _faults.Held(S(1)).ShouldBeEmpty();
    }

    private static TimeSpan S(double s) => TimeSpan.FromSeconds(s);
}
