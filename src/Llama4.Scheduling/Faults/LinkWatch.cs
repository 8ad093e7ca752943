namespace Llama4.Scheduling;

/// <summary>
/// Whether the way to one peer is broken, as seen from one host: calls to it stay without any answer, and so do the probes that are sent then. A peer that
/// is only busy answers a probe, though it may be late where processors are scarce: what was late once may be as late again, and half as much more. It reads no clock.
/// </summary>
public sealed class LinkWatch
{
    /// <summary>Calls without an answer for so long are worth a probe.</summary>
    public static readonly TimeSpan ProbeAfter = TimeSpan.FromMilliseconds(200);

    /// <summary>One probe may be lost, too.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>From the first probe on: longer than the beats need to tell of a peer that is dead.</summary>
    public static readonly TimeSpan BrokenAfter = TimeSpan.FromMilliseconds(300);

    /// <summary>The longest that a link may take to be broken, whatever was late before.</summary>
    public static readonly TimeSpan BrokenAfterMost = TimeSpan.FromSeconds(1);

    /// <summary>So long a late answer is remembered. One later than <see cref="BrokenAfterMost"/> is none: the link was broken, and is whole again.</summary>
    public static readonly TimeSpan LateFor = TimeSpan.FromSeconds(60);

    private const double OfLatest = 1.5;

    /// <summary>What nobody has asked for so long says nothing any more.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(2);

    private int _waiting;
    private TimeSpan _asked;
    private TimeSpan? _silentSince;
    private TimeSpan? _probedFirst;
    private TimeSpan _probed;

    /// <summary>The latest answer after a first probe, and when it came.</summary>
    private (TimeSpan By, TimeSpan At)? _late;

    /// <summary>A call is under way.</summary>
    public void Ask(TimeSpan now)
    {
        if (_waiting == 0 && now - _asked > Forgotten)
        {
            (_silentSince, _probedFirst) = (null, null);
        }

        _waiting++;
        _asked = now;
        _silentSince ??= now;
    }

    /// <summary>A call is over.</summary>
    /// <param name="isAnswered">By the peer, be it with an error.</param>
    public void End(TimeSpan now, bool isAnswered)
    {
        _waiting--;
        if (isAnswered)
        {
            Hear(now);
        }
    }

    /// <summary>The peer has answered something.</summary>
    public void Hear(TimeSpan now)
    {
        if (now - _probedFirst is { } late && late <= BrokenAfterMost && late >= LatestAt(now))
        {
            _late = (late, now);
        }

        (_silentSince, _probedFirst) = (_waiting > 0 ? now : null, null);
    }

    /// <summary>Whether a probe is due, which is then sent.</summary>
    public bool TakeProbe(TimeSpan now)
    {
        if (_silentSince is not { } since || now - since < ProbeAfter || now - _asked > Forgotten || (_probedFirst is not null && now - _probed < ProbeEvery))
        {
            return false;
        }

        _probedFirst ??= now;
        _probed = now;
        return true;
    }

    public bool IsBroken(TimeSpan now)
    {
        var after = Math.Clamp(OfLatest * LatestAt(now).TotalSeconds, BrokenAfter.TotalSeconds, BrokenAfterMost.TotalSeconds);
        return _probedFirst is { } first && now - first >= TimeSpan.FromSeconds(after) && now - _asked <= Forgotten;
    }

    /// <summary>The observer itself stood still for so long: answers may be waiting to be read.</summary>
    public void Forgive(TimeSpan pause)
    {
        _silentSince += pause;
        _probedFirst += pause;
    }

    private TimeSpan LatestAt(TimeSpan now) => _late is { } late && now - late.At <= LateFor ? late.By : TimeSpan.Zero;
}
