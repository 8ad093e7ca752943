namespace Llama4.Scheduling;

/// <summary>
/// Whether the way to one peer is broken, as seen from one host: calls to it stay without any answer, and so do the probes that are sent then. A peer that
/// is only busy answers a probe. It reads no clock.
/// </summary>
public sealed class LinkWatch
{
    /// <summary>Calls without an answer for so long are worth a probe.</summary>
    public static readonly TimeSpan ProbeAfter = TimeSpan.FromMilliseconds(200);

    /// <summary>One probe may be lost, too.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>From the first probe on: longer than the beats need to tell of a peer that is dead.</summary>
    public static readonly TimeSpan BrokenAfter = TimeSpan.FromMilliseconds(300);

    /// <summary>What nobody has asked for so long says nothing any more.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(2);

    private int _waiting;
    private TimeSpan _asked;
    private TimeSpan? _silentSince;
    private TimeSpan? _probedFirst;
    private TimeSpan _probed;

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
    public void Hear(TimeSpan now) => (_silentSince, _probedFirst) = (_waiting > 0 ? now : null, null);

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

    public bool IsBroken(TimeSpan now) => _probedFirst is { } first && now - first >= BrokenAfter && now - _asked <= Forgotten;

    /// <summary>The observer itself stood still for so long: answers may be waiting to be read.</summary>
    public void Forgive(TimeSpan pause)
    {
        _silentSince += pause;
        _probedFirst += pause;
    }
}
