namespace Llama4.Scheduling;

/// <summary>
/// Whether one peer that answers at regular times is to be suspected: silence longer than its own answers' gaps make likely, their mean and six
/// deviations or half more than the longest of late, within bounds. After Hayashibara et al., "The φ accrual failure detector" (SRDS 2004), with a fixed level.
/// <para>A suspicion that was wrong, as the peer answers again at once, teaches how late a peer can be that is not dead, for twice as long each time: on an
/// overloaded machine suspicions die out instead of coming back every few seconds, and each costs a plan. It reads no clock.</para>
/// </summary>
public sealed class HeartbeatDetector
{
    /// <summary>Seven beats of 20 ms: less is a thread that was not scheduled.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(140);

    public static readonly TimeSpan Most = TimeSpan.FromMilliseconds(500);

    /// <summary>A suspect that answers for so long is one no longer.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromMilliseconds(500);

    /// <summary>So long after that it may fall silent again: a plan that can wait gives it nothing yet.</summary>
    public static readonly TimeSpan Probation = TimeSpan.FromSeconds(3);

    /// <summary>Weight of the newest gap in mean and variance: they follow a change within some 30 beats.</summary>
    private const double Weight = 1.0 / 16;

    private const double Deviations = 6;

    /// <summary>A host that was late once may be as late again, and half as much more; it is remembered for some ten seconds.</summary>
    private const double OfLongest = 1.5;

    private const double ForgetLongestS = 10;

    /// <summary>Who answers again after less silence was suspected wrongly: a frozen host or a cut link is away for longer.</summary>
    private static readonly TimeSpan WrongWithin = TimeSpan.FromSeconds(1);

    private const double ForgetLongestMostS = 320;

    /// <summary>How long a peer has to be in time until it is trusted again as in the beginning.</summary>
    private const double ForgetWrongS = 300;

    private double _mean;
    private double _variance;
    private double _longest;
    private double _forgetS = ForgetLongestS;
    private TimeSpan _heard;
    private TimeSpan? _answeringSince;
    private TimeSpan? _recovered;

    /// <param name="now">The peer counts as heard now.</param>
    /// <param name="every">The gap to expect.</param>
    /// <param name="like">What was learned of a peer as late as this one may be; null for nothing.</param>
    public HeartbeatDetector(TimeSpan now, TimeSpan every, HeartbeatDetector? like = null)
    {
        (_longest, _forgetS) = like is null ? (0, ForgetLongestS) : (like._longest, like._forgetS);
        _heard = now;
        _mean = every.TotalSeconds;
        _variance = _mean * _mean;
    }

    public bool IsSuspected { get; private set; }

    /// <summary>The silence that makes it a suspect.</summary>
    public TimeSpan Threshold
    {
        get
        {
            var seconds = Math.Max(_mean + (Deviations * Math.Sqrt(_variance)), OfLongest * _longest);
            return TimeSpan.FromSeconds(Math.Clamp(seconds, Least.TotalSeconds, Most.TotalSeconds));
        }
    }

    /// <summary>It was a suspect a short while ago.</summary>
    public bool IsOnProbation(TimeSpan now) => now - _recovered < Probation;

    public TimeSpan Silence(TimeSpan now) => now - _heard;

    public void Hear(TimeSpan now)
    {
        if (IsSuspected)
        {
            var wasSilent = Silence(now) > Threshold; // nobody may have looked while it was
            if (wasSilent && Silence(now) <= WrongWithin)
                (_longest, _forgetS) = (Silence(now).TotalSeconds, Math.Min(ForgetLongestMostS, 2 * _forgetS));
            _answeringSince = wasSilent ? now : _answeringSince ?? now;
            if (now - _answeringSince >= Recovery)
            {
                (IsSuspected, _answeringSince, _recovered) = (false, null, now);
            }
        }
        else
        {
            var gap = Math.Max(0, (now - _heard).TotalSeconds);
            var off = gap - _mean;
            _longest = Math.Max(gap, _longest * Math.Exp(-gap / _forgetS));
            _forgetS = ForgetLongestS + ((_forgetS - ForgetLongestS) * Math.Exp(-gap / ForgetWrongS));
            _mean += Weight * off;
            _variance += Weight * ((off * off) - _variance);
        }

        _heard = now > _heard ? now : _heard;
    }

    /// <summary>Looks at the clock.</summary>
    /// <returns>True when the peer became a suspect by it.</returns>
    public bool Look(TimeSpan now)
    {
        if (Silence(now) <= Threshold)
        {
            return false;
        }

        _answeringSince = null;
        var becomes = !IsSuspected;
        IsSuspected = true;
        return becomes;
    }

    /// <summary>Others have missed it for long enough.</summary>
    public void Suspect() => (IsSuspected, _answeringSince) = (true, null);

    /// <summary>
    /// The observer itself stood still for so long, until now: it cannot have heard anybody. What it read between its awakening and this call
    /// was heard now, not later.
    /// </summary>
    public void Forgive(TimeSpan now, TimeSpan pause)
    {
        _heard = Later(_heard);
        _answeringSince = _answeringSince is { } since ? Later(since) : null;

        TimeSpan Later(TimeSpan time) => time + pause < now ? time + pause : now;
    }
}
