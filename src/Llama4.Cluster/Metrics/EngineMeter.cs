using Llama4.Contracts;

namespace Llama4.Cluster.Metrics;

/// <summary>
/// What one engine tells of its steps. The split of their time is taken from one step in <see cref="FollowedEvery"/> and at least one a second, whose first drawn row is followed as for a
/// request with a path (docs/decisions/live.md); the time of all steps since the one before is shared out like it. One caller at a time.
/// </summary>
internal sealed class EngineMeter(StepMeter meter, int replica, TimeProvider clock)
{
    /// <summary>A step that is followed takes some hundredths longer: one in so many makes less than a thousandth.</summary>
    public const int FollowedEvery = 64;

    private static readonly TimeSpan FollowedAfter = TimeSpan.FromSeconds(1);

    private readonly KeyValuePair<string, object?> _replica = new("replica", replica.ToString(System.Globalization.CultureInfo.InvariantCulture));
    private readonly KeyValuePair<string, object?> _attention = new("part", "attention");
    private readonly KeyValuePair<string, object?> _expert = new("part", "expert");
    private readonly KeyValuePair<string, object?> _wire = new("part", "wire");
    private readonly KeyValuePair<string, object?> _wait = new("part", "wait");
    private int _steps = FollowedEvery;
    private long _followed = clock.GetTimestamp();

    /// <summary>Of steps since the last that was followed.</summary>
    private double _seconds;

    /// <summary>A step is about to start; has it followed if it is its turn.</summary>
    /// <param name="draws">[step.LogitRows].</param>
    /// <returns>Whether it is, though no request asked for it: its path is not to be told.</returns>
    public bool Follow(TokenDraw[] draws)
    {
        _steps++;
        if (draws.Length == 0 || !meter.Time.Enabled || (_steps < FollowedEvery && clock.GetElapsedTime(_followed) < FollowedAfter))
            return false;
        (_steps, _followed) = (0, clock.GetTimestamp());
        if (draws[0].Trace)
            return false; // it is followed all the same
        draws[0] = draws[0] with { Trace = true };
        return true;
    }

    /// <summary>A step has been done.</summary>
    /// <param name="drawn">[step.LogitRows].</param>
    /// <param name="isOurs">As <see cref="Follow"/> told.</param>
    public void Count(int rows, TimeSpan elapsed, DrawnToken[] drawn, bool isOurs)
    {
        meter.Steps.Add(1, _replica);
        meter.Rows.Record(rows);
        meter.Duration.Record(elapsed.TotalSeconds);
        _seconds += elapsed.TotalSeconds;
        if (drawn is not [{ Path: { } path }, ..])
            return;
        var split = StepSplit.Of(path, elapsed).Of(_seconds);
        _seconds = 0;
        meter.Time.Add(split.Attention, _attention);
        meter.Time.Add(split.Expert, _expert);
        meter.Time.Add(split.Wire, _wire);
        meter.Time.Add(split.Wait, _wait);
        if (isOurs)
            drawn[0] = drawn[0] with { Path = null };
    }

    /// <summary>The engine goes on.</summary>
    public void CountStandstill(TimeSpan time) => meter.Standstill.Record(time.TotalSeconds);
}
