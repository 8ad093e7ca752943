using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

public class LinkWatchTests
{
    [Fact]
    public void Link_WhoseCallsAndProbesStayUnanswered_IsBroken()
    {
        var link = new LinkWatch();
        link.Ask(Ms(1000));

        link.TakeProbe(Ms(1199)).ShouldBeFalse();
        link.TakeProbe(Ms(1200)).ShouldBeTrue();
        link.TakeProbe(Ms(1250)).ShouldBeFalse("one is under way");
        link.TakeProbe(Ms(1300)).ShouldBeTrue("it may be lost");
        link.IsBroken(Ms(1499)).ShouldBeFalse();
        link.IsBroken(Ms(1500)).ShouldBeTrue();
    }

    [Fact]
    public void Peer_ThatIsSlowButAnswersProbes_HasNoBrokenLink()
    {
        var link = new LinkWatch();
        link.Ask(Ms(0));
        for (var now = 0; now < 10_000; now += 10)
        {
            if (link.TakeProbe(Ms(now)))
                link.Hear(Ms(now));
            link.IsBroken(Ms(now)).ShouldBeFalse();
        }
    }

    [Fact]
    public void Link_ThatAnswersAgain_IsWhole()
    {
        var link = Broken();

        link.Hear(Ms(700));

        link.IsBroken(Ms(700)).ShouldBeFalse();
        link.TakeProbe(Ms(899)).ShouldBeFalse("a call is under way since 0, but something was heard at 700");
        link.TakeProbe(Ms(900)).ShouldBeTrue();
    }

    /// <summary>A call that nobody waits for any more is followed by another, and so on: its silence is the same one.</summary>
    [Fact]
    public void Calls_ThatAreGivenUpOneAfterTheOther_AreOneSilence()
    {
        var link = new LinkWatch();
        var isBroken = false;
        for (var now = 0; now < 600; now += 100)
        {
            link.Ask(Ms(now));
            link.TakeProbe(Ms(now + 50));
            link.End(Ms(now + 90), isAnswered: false);
            isBroken |= link.IsBroken(Ms(now + 90));
        }

        isBroken.ShouldBeTrue();
    }

    [Fact]
    public void Error_OfThePeer_IsAnAnswer()
    {
        var link = new LinkWatch();
        link.Ask(Ms(0));
        link.TakeProbe(Ms(300));

        link.End(Ms(400), isAnswered: true);

        link.IsBroken(Ms(2000)).ShouldBeFalse();
        link.TakeProbe(Ms(2000)).ShouldBeFalse("nobody waits for it");
    }

    [Fact]
    public void Link_ThatNobodyUsesAnyMore_SaysNothing()
    {
        var link = Broken();
        link.End(Ms(600), isAnswered: false);

        link.IsBroken(Ms(2000)).ShouldBeTrue();
        link.IsBroken(Ms(2001)).ShouldBeFalse();
        link.TakeProbe(Ms(2001)).ShouldBeFalse();
        link.Ask(Ms(9000));
        link.IsBroken(Ms(9000)).ShouldBeFalse();
        link.TakeProbe(Ms(9100)).ShouldBeFalse("a new silence");
    }

    /// <summary>As on a machine with few processors for many hosts.</summary>
    [Fact]
    public void Peer_ThatWasLate_MayBeAsLateAgainForAMinute()
    {
        var link = Broken();
        link.Hear(Ms(600)); // 400 ms after the first probe

        BreaksAfter(link, from: 1000).ShouldBe(600);
        link.Hear(Ms(60_500));
        BreaksAfter(link, from: 70_000).ShouldBe(300, "it is forgotten");
    }

    [Fact]
    public void Peer_WhoseLinkWasBroken_WasNotLate()
    {
        var link = Broken();
        link.Hear(Ms(3000));

        BreaksAfter(link, from: 6000).ShouldBe(300);
    }

    [Fact]
    public void Pause_OfTheObserver_IsNoSilence()
    {
        var link = new LinkWatch();
        link.Ask(Ms(0));

        link.Forgive(Ms(5000));

        link.Ask(Ms(5000));
        link.TakeProbe(Ms(5100)).ShouldBeFalse();
        link.TakeProbe(Ms(5200)).ShouldBeTrue();
    }

    /// <summary>Milliseconds from the first probe.</summary>
    private static int BreaksAfter(LinkWatch link, int from)
    {
        int? probed = null;
        for (var now = from; ; now++)
        {
            link.Ask(Ms(now));
            if (link.TakeProbe(Ms(now)))
                probed ??= now;
            if (link.IsBroken(Ms(now)))
                return now - probed!.Value;
        }
    }

    private static LinkWatch Broken()
    {
        var link = new LinkWatch();
        link.Ask(Ms(0));
        link.TakeProbe(Ms(200)).ShouldBeTrue();
        link.IsBroken(Ms(500)).ShouldBeTrue();
        return link;
    }

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
