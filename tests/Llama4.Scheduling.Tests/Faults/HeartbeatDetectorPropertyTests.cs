using CsCheck;
using Llama4.Scheduling;

namespace Llama4.Tests.Faults;

/// <summary>Whatever beats come and whenever somebody looks.</summary>
public class HeartbeatDetectorPropertyTests
{
    private const int EveryMs = 20;

    /// <summary>Each some milliseconds after the one before; mostly near, some far.</summary>
    private static readonly Gen<Event[]> Events = Gen.Select(Gen.Bool, Gen.Int[0, 5], Gen.Int[0, 60], Gen.Int[0, 900], (isBeat, kind, near, far) =>
        new Event(isBeat, kind == 0 ? far : near)).Array[0, 120];

    [Fact]
    public void Peer_WhoseBeatsAreAllWithinTheLeast_IsNeverSuspected() =>
        Gen.Int[0, 140].Array[1, 200].Sample(gaps =>
        {
            var peer = new HeartbeatDetector(Ms(0), Ms(EveryMs));
            var now = 0;
            foreach (var gap in gaps)
            {
                peer.Look(Ms(now + gap) - new TimeSpan(10)).ShouldBeFalse(); // what rounding to ticks may take
                now += gap;
                peer.Hear(Ms(now));
            }

            peer.IsSuspected.ShouldBeFalse();
        }, iter: 2000);

    [Fact]
    public void Threshold_WhateverCame_IsWithinItsBounds() =>
        Events.Sample(events => Run(events, 0, (peer, _, _) =>
        {
            peer.Threshold.ShouldBeGreaterThanOrEqualTo(HeartbeatDetector.Least - new TimeSpan(1));
            peer.Threshold.ShouldBeLessThanOrEqualTo(HeartbeatDetector.Most);
        }), iter: 2000);

    /// <summary>A look tells of a new suspect exactly when the silence is past the threshold; it never acquits. Past the most everybody is one.</summary>
    [Fact]
    public void Look_TellsExactlyOfSilencePastTheThreshold() =>
        Events.Sample(events =>
        {
            var (wasSuspected, heard, threshold) = (false, 0, HeartbeatDetector.Least);
            Run(events, 0, (peer, one, now) =>
            {
                if (!one.IsBeat)
                {
                    var isSilent = Ms(now - heard) > threshold;
                    one.Told.ShouldBe(isSilent && !wasSuspected);
                    peer.IsSuspected.ShouldBe(isSilent || wasSuspected);
                    (now - heard > HeartbeatDetector.Most.TotalMilliseconds && !peer.IsSuspected).ShouldBeFalse();
                }

                (wasSuspected, heard, threshold) = (peer.IsSuspected, one.IsBeat ? now : heard, peer.Threshold);
            });
        }, iter: 2000);

    /// <summary>A beat makes no suspect, and clears one exactly when its beats since the suspicion, without a gap past the threshold, span the time of recovery.</summary>
    [Fact]
    public void Beat_ClearsASuspectExactlyAfterItsRecovery() =>
        Events.Sample(events =>
        {
            var (wasSuspected, threshold, last) = (false, HeartbeatDetector.Least, 0);
            var beats = new List<int>(); // since the suspicion, or the last gap past the threshold of its time
            Run(events, 0, (peer, one, now) =>
            {
                if (one.IsBeat && wasSuspected)
                {
                    if (Ms(now - last) > threshold)
                    {
                        beats.Clear();
                    }

                    beats.Add(now);
                    peer.IsSuspected.ShouldBe(Ms(now - beats[0]) < HeartbeatDetector.Recovery);
                }
                else if (one.IsBeat)
                {
                    peer.IsSuspected.ShouldBeFalse();
                }

                if (!peer.IsSuspected)
                {
                    beats.Clear();
                }

                (wasSuspected, threshold, last) = (peer.IsSuspected, peer.Threshold, one.IsBeat ? now : last);
            });
        }, iter: 2000);

    [Fact]
    public void Peer_LookedAtLater_IsNoLessSuspected() =>
        Gen.Select(Events, Gen.Int[0, 600], Gen.Int[0, 600]).Sample((events, sooner, more) =>
        {
            var (early, now) = Run(events, 0);
            var (late, _) = Run(events, 0);
            early.Look(Ms(now + sooner));
            late.Look(Ms(now + sooner + more));

            (early.IsSuspected && !late.IsSuspected).ShouldBeFalse();
        }, iter: 2000);

    [Fact]
    public void Decisions_DoNotDependOnWhatTheClockStartedWith() =>
        Gen.Select(Events, Gen.Int[0, 1_000_000_000]).Sample(
            (events, start) => Decisions(events, start).ShouldBe(Decisions(events, 0)), iter: 500);

    /// <summary>An observer that stood still and says so decides as one that did not.</summary>
    [Fact]
    public void Decisions_DoNotDependOnForgivenPauses() =>
        Gen.Select(Events, Gen.Int[0, 120], Gen.Int[1, 10_000]).Sample(
            (events, at, pause) => Decisions(events, 0, at, pause).ShouldBe(Decisions(events, 0)), iter: 2000);

    private static List<(bool IsSuspected, bool Told, TimeSpan Threshold)> Decisions(Event[] events, int start, int pauseAt = int.MaxValue, int pause = 0)
    {
        var decisions = new List<(bool, bool, TimeSpan)>();
        Run(events, start, (peer, one, _) => decisions.Add((peer.IsSuspected, one.Told, peer.Threshold)), pauseAt, pause);
        return decisions;
    }

    /// <param name="check">After each event, with the time in ms.</param>
    /// <param name="pauseAt">The event before which the observer stands still for <paramref name="pause"/> ms.</param>
    private static (HeartbeatDetector Peer, int Now) Run(
        Event[] events, int start, Action<HeartbeatDetector, Event, int>? check = null, int pauseAt = int.MaxValue, int pause = 0)
    {
        var peer = new HeartbeatDetector(Ms(start), Ms(EveryMs));
        var now = start;
        for (var i = 0; i < events.Length; i++)
        {
            if (i == pauseAt)
            {
                now += pause;
                peer.Forgive(Ms(now), Ms(pause));
            }

            now += events[i].AfterMs;
            var told = false;
            if (events[i].IsBeat)
            {
                peer.Hear(Ms(now));
            }
            else
            {
                told = peer.Look(Ms(now));
            }

            check?.Invoke(peer, events[i] with { Told = told }, now);
        }

        return (peer, now);
    }

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);

    /// <param name="IsBeat">A beat is heard; else somebody looks.</param>
    private sealed record Event(bool IsBeat, int AfterMs)
    {
        /// <summary>What the look said.</summary>
        public bool Told { get; init; }
    }
}
