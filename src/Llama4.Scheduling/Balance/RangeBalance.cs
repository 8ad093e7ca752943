namespace Llama4.Scheduling;

/// <summary>
/// Whether ranges of experts are to move by measured load: when that would be worth much, and was at several looks far apart, since what moves must be
/// loaded. It reads no clock.
/// </summary>
public sealed class RangeBalance(RangeBalanceLimits limits)
{
    private TimeSpan? _next;
    private int _times;

    /// <summary>Forgets what it saw, as hosts or owners have changed, but not that it rests.</summary>
    public void Begin(TimeSpan now) => (_next, _times) = (_next > now + limits.Every ? _next : now + limits.Every, 0);

    /// <param name="gain">How many times as long the layers take by the plan in force as by the one to have; asked for now and then.</param>
    /// <returns>True once, when they are to move.</returns>
    public bool Look(TimeSpan now, Func<double> gain)
    {
        if (_next is not { } next)
        {
            Begin(now);
            return false;
        }

        if (now < next)
        {
            return false;
        }

        _next = now + limits.Every;
        _times = gain() >= limits.GainLeast ? _times + 1 : 0;
        if (_times < limits.Times)
        {
            return false;
        }

        (_next, _times) = (now + limits.Rest, 0);
        return true;
    }
}

/// <summary>When ranges move.</summary>
public sealed record RangeBalanceLimits
{
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Looks in a row.</summary>
    public int Times { get; init; } = 3;

    /// <summary>Less is not worth loading weights and stopping the engines for a moment.</summary>
    public double GainLeast { get; init; } = 1.15;

    /// <summary>After a move.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(2);
}
