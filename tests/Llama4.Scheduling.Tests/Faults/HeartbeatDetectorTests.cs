using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

public class HeartbeatDetectorTests
{
    private static readonly TimeSpan Every = Ms(20);
    private static readonly TimeSpan Tick = new(1);

    [Fact]
    public void NewPeer_UntilSevenBeatsAreMissing_IsNoSuspect()
    {
        var peer = new HeartbeatDetector(Ms(1000), Every);

        peer.Threshold.TotalMilliseconds.ShouldBe(140, 0.001);
        peer.Look(Ms(1000) + peer.Threshold).ShouldBeFalse();
        peer.IsSuspected.ShouldBeFalse();
        peer.Look(Ms(1000) + peer.Threshold + Tick).ShouldBeTrue();
        peer.IsSuspected.ShouldBeTrue();
    }

    [Fact]
    public void Suspect_ThatStaysSilent_IsToldOfOnce()
    {
        var peer = new HeartbeatDetector(Ms(0), Every);

        bool[] told = [.. Enumerable.Range(1, 40).Select(i => peer.Look(Ms(20 * i)))];

        told.Count(becomes => becomes).ShouldBe(1);
        told[7].ShouldBeTrue("160 ms is the first look past 140");
        peer.Silence(Ms(800)).ShouldBe(Ms(800));
    }

    [Fact]
    public void Suspect_ThatCameBack_IsOnProbationForAWhile()
    {
        var peer = new HeartbeatDetector(Ms(0), Every);
        peer.IsOnProbation(Ms(0)).ShouldBeFalse();
        peer.Look(Ms(2000)).ShouldBeTrue();
        for (var now = Ms(2000); peer.IsSuspected; now += Every)
            peer.Hear(now);

        var back = Ms(2000) + HeartbeatDetector.Recovery;
        peer.IsOnProbation(back).ShouldBeTrue();
        peer.IsOnProbation(back + HeartbeatDetector.Probation - Tick).ShouldBeTrue();
        peer.IsOnProbation(back + HeartbeatDetector.Probation).ShouldBeFalse();
    }

    [Fact]
    public void Threshold_OfAPeerThatVaries_IsLongerThanThatOfASteadyOne()
    {
        var steady = Beating(Enumerable.Repeat(20.0, 200));
        var varying = Beating(Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? 10.0 : 90.0));

        steady.Peer.Threshold.TotalMilliseconds.ShouldBe(140, 0.001);
        varying.Peer.Threshold.TotalMilliseconds.ShouldBe(50 + (6 * 40), 20); // mean and six deviations, the newest gaps weighing more
    }

    [Fact]
    public void Threshold_AfterOneLateBeat_AllowsHalfMoreAndForgetsItInSomeTenSeconds()
    {
        var (peer, now) = Beating([.. Enumerable.Repeat(20.0, 100), 200]);

        peer.Threshold.ShouldBeGreaterThanOrEqualTo(Ms(300));
        now = Beat(peer, now, 3000);
        peer.Look(now + Ms(200)).ShouldBeFalse("as late as once before");
        now = Beat(peer, now, 27_000);
        peer.Threshold.TotalMilliseconds.ShouldBe(140, 0.001);
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0)]
    [InlineData(-5)]
    public void Threshold_OfBeatsAtOnce_IsNotBelowTheLeast(double gapMs) =>
        Beating(Enumerable.Repeat(gapMs, 100)).Peer.Threshold.TotalMilliseconds.ShouldBe(HeartbeatDetector.Least.TotalMilliseconds, 0.001);

    [Fact]
    public void Peer_SilentForHalfASecond_IsASuspectHoweverLateItWasBefore()
    {
        var (peer, now) = Beating([20, 5000]);

        peer.Threshold.ShouldBe(HeartbeatDetector.Most);
        peer.Look(now + Ms(500)).ShouldBeFalse();
        peer.Look(now + Ms(500) + Tick).ShouldBeTrue();
    }

    [Fact]
    public void Suspect_ThatAnswersForTheTimeOfRecovery_IsOneNoLonger()
    {
        var peer = Suspected();
        var first = Ms(2000);
        for (var now = first; now < first + HeartbeatDetector.Recovery; now += Every)
        {
            peer.Hear(now);
            peer.Look(now).ShouldBeFalse();
            peer.IsSuspected.ShouldBeTrue($"{(now - first).TotalMilliseconds} ms of answers");
        }

        peer.Hear(first + HeartbeatDetector.Recovery - Tick);
        peer.IsSuspected.ShouldBeTrue();
        peer.Hear(first + HeartbeatDetector.Recovery);
        peer.IsSuspected.ShouldBeFalse();
        peer.Look(first + HeartbeatDetector.Recovery + HeartbeatDetector.Most + Tick).ShouldBeTrue("it can be suspected again");
    }

    /// <summary>Whether somebody looked in the gap or not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Suspect_ThatFallsSilentWhileItRecovers_BeginsAnew(bool isLookedAt)
    {
        var peer = Suspected();
        var now = Beat(peer, Ms(2000), 400);
        if (isLookedAt)
        {
            peer.Look(now + Ms(200)).ShouldBeFalse("it is a suspect already");
        }

        now = Beat(peer, now + Ms(300), 500);
        peer.IsSuspected.ShouldBeTrue();
        Beat(peer, now, 20);
        peer.IsSuspected.ShouldBeFalse();
    }

    /// <summary>Late by 200 ms once a second: an overloaded machine.</summary>
    [Fact]
    public void Suspect_ThatAnsweredAgainAtOnce_IsSuspectedEverMoreSeldom()
    {
        var peer = new HeartbeatDetector(Ms(0), Every);
        var (now, first, later) = (Ms(0), 0, 0);
        for (var second = 0; second < 600; second++)
        {
            now = Beat(peer, now, second % 10 == 9 ? 800 : 1000);
            if (second % 10 != 9)
                continue;
            var wasTold = peer.Look(now + Ms(200));
            (first, later) = second < 100 ? (first + (wasTold ? 1 : 0), later) : (first, later + (wasTold ? 1 : 0));
            now += Ms(200);
            peer.Hear(now);
        }

        first.ShouldBeInRange(1, 3);
        later.ShouldBeInRange(0, 3, "of fifty");
    }

    [Fact]
    public void Threshold_AfterAWrongSuspicion_IsLearnedAndForgotten()
    {
        var peer = Beating(Enumerable.Repeat(20.0, 10)).Peer;
        peer.Look(Ms(400)).ShouldBeTrue();
        peer.Hear(Ms(400));

        peer.Threshold.ShouldBe(Ms(300), Ms(1));
        new HeartbeatDetector(Ms(400), Every, peer).Threshold.ShouldBe(peer.Threshold, Ms(1), "what was learned is handed on");
        var now = Beat(peer, Ms(400), 60_000);
        peer.Threshold.TotalMilliseconds.ShouldBe(140, 0.001);
        peer.IsSuspected.ShouldBeFalse();
        peer.Look(now + HeartbeatDetector.Most + Tick).ShouldBeTrue();
    }

    [Fact]
    public void Suspect_ThatWasAwayForLong_TeachesNothing()
    {
        var peer = Suspected();
        Beat(peer, Ms(2000), 600);

        peer.Threshold.TotalMilliseconds.ShouldBe(140, 0.001);
    }

    [Fact]
    public void Peer_ThatOthersMiss_IsASuspectThoughItAnswers()
    {
        var (peer, now) = Beating(Enumerable.Repeat(20.0, 10));

        peer.Suspect();
        peer.IsSuspected.ShouldBeTrue();
        peer.Look(now).ShouldBeFalse();
        now = Beat(peer, now, 480);
        peer.IsSuspected.ShouldBeTrue();
        peer.Suspect();
        now = Beat(peer, now, 500);
        peer.IsSuspected.ShouldBeTrue("missed again: its answers count from there");
        Beat(peer, now, 20);
        peer.IsSuspected.ShouldBeFalse();
    }

    [Fact]
    public void Pause_OfTheObserver_IsNoSilence()
    {
        var (peer, now) = Beating(Enumerable.Repeat(20.0, 10));

        peer.Forgive(now + Ms(5000), Ms(5000));

        peer.Silence(now + Ms(5000)).ShouldBe(TimeSpan.Zero);
        peer.Look(now + Ms(5000) + peer.Threshold).ShouldBeFalse();
        peer.Look(now + Ms(5000) + peer.Threshold + Tick).ShouldBeTrue();
    }

    /// <summary>An observer that wakes up may read a waiting beat before it notices that it slept.</summary>
    [Fact]
    public void Pause_NoticedAfterABeatWasHeard_ForgivesNoSilenceToCome()
    {
        var (peer, now) = Beating(Enumerable.Repeat(20.0, 10));
        now += Ms(5000);
        peer.Hear(now);

        peer.Forgive(now, Ms(5000));

        peer.Silence(now).ShouldBe(TimeSpan.Zero);
        peer.Look(now + HeartbeatDetector.Most + Tick).ShouldBeTrue();
    }

    [Fact]
    public void Pause_OfTheObserver_IsNoTimeThatASuspectAnswered()
    {
        var peer = Suspected();
        var now = Beat(peer, Ms(2000), 100);

        peer.Forgive(now + Ms(600), Ms(600));
        peer.Hear(now + Ms(620));

        peer.IsSuspected.ShouldBeTrue("it has answered for 100 ms");
    }

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);

    /// <summary>A peer with these gaps from its start at 0 on, and the time of its last beat.</summary>
    private static (HeartbeatDetector Peer, TimeSpan Now) Beating(IEnumerable<double> gapsMs)
    {
        var peer = new HeartbeatDetector(Ms(0), Every);
        var now = Ms(0);
        foreach (var gap in gapsMs)
        {
            now += Ms(gap);
            peer.Hear(now);
        }

        return (peer, now);
    }

    private static HeartbeatDetector Suspected()
    {
        var peer = new HeartbeatDetector(Ms(0), Every);
        peer.Look(Ms(1000)).ShouldBeTrue();
        return peer;
    }

    /// <summary>Beats 20 ms apart, from 20 ms after <paramref name="now"/> on.</summary>
    /// <returns>The time of the last.</returns>
    private static TimeSpan Beat(HeartbeatDetector peer, TimeSpan now, int ms)
    {
        var end = now + Ms(ms);
        while (now < end)
        {
            now += Every;
            peer.Hear(now);
        }

        return now;
    }
}
