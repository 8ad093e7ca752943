namespace Llama4.Gateway.Keys;

/// <summary>
/// A token bucket that holds a minute's worth and fills evenly. Unlike those of System.Threading.RateLimiting it can be given back what was
/// taken too much, may be overdrawn by what was taken too little, and says when it will be full. Not thread-safe.
/// </summary>
internal sealed class Bucket(int perMinute, TimeProvider clock)
{
    private double _level = perMinute;
    private long _at = clock.GetTimestamp();

    /// <summary>What fits at most, and flows in every minute.</summary>
    public int PerMinute => perMinute;

    /// <summary>Whole units that are there.</summary>
    public int Remaining => (int)Math.Max(0, Math.Floor(Level()));

    /// <summary>How long until it is full again.</summary>
    public TimeSpan UntilFull => Filling(perMinute - Level());

    /// <summary>How long until so much is there; zero if it is.</summary>
    public TimeSpan Until(int amount) => Filling(amount - Level());

    /// <summary>Takes so much, there or not; negative gives back.</summary>
    public void Take(long amount) => _level = Math.Min(perMinute, Level() - amount);

    private TimeSpan Filling(double missing) => missing <= 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(missing / perMinute);

    private double Level()
    {
        var now = clock.GetTimestamp();
        _level = Math.Min(perMinute, _level + (clock.GetElapsedTime(_at, now).TotalMinutes * perMinute));
        _at = now;
        return _level;
    }
}
