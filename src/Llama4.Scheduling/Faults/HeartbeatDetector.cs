namespace Llama4.Scheduling;

/// <summary>
/// Whether one peer that answers at regular times is to be suspected: silence longer than its own answers' gaps make likely, their mean and six
/// deviations or half more than the longest of late, within bounds. After Hayashibara et al., "The φ accrual failure detector" (SRDS 2004), with a fixed level. It reads no clock.
/// </summary>
public sealed class HeartbeatDetector
{
    /// <summary>Seven beats of 20 ms: less is a thread that was not scheduled.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(140);

    public static readonly TimeSpan Most = TimeSpan.FromMilliseconds(500);

    /// <summary>A suspect that answers for so long is one no longer.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromMilliseconds(500);

    /// <summary>Weight of the newest gap in mean and variance: they follow a change within some 30 beats.</summary>
    private const double Weight = 1.0 / 16;

    private const double Deviations = 6;

    /// <summary>A host that was late once may be as late again, and half as much more; it is remembered for some ten seconds.</summary>
    private const double OfLongest = 1.5;

    private const double ForgetLongestS = 10;

    private double _mean;
    private double _variance;
    private double _longest;
    private TimeSpan _heard;
    private TimeSpan? _answeringSince;

    /// <param name="now">The peer counts as heard now.</param>
    /// <param name="every">The gap to expect.</param>
    public HeartbeatDetector(TimeSpan now, TimeSpan every)
    {
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

    public TimeSpan Silence(TimeSpan now) => now - _heard;

    public void Hear(TimeSpan now)
    {
        if (IsSuspected)
        {
            _answeringSince = Silence(now) <= Threshold ? _answeringSince ?? now : now; // nobody may have looked while it was silent
            if (now - _answeringSince >= Recovery)
            {
                (IsSuspected, _answeringSince) = (false, null);
            }
        }
        else
        {
            var gap = Math.Max(0, (now - _heard).TotalSeconds);
            var off = gap - _mean;
            _longest = Math.Max(gap, _longest * Math.Exp(-gap / ForgetLongestS));
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
