namespace Llama4.Gateway.Hosting;

/// <summary>When the tokens of one request's answers came to the gateway's loop. One caller at a time.</summary>
internal sealed class AnswerTimes(GatewayMetrics metrics, TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();
    private TimeSpan _gaps;
    private int _count;

    /// <summary>From the request's start; null before one came.</summary>
    public TimeSpan? FirstToken { get; private set; }

    /// <summary>Mean time between the tokens of an answer; null before a second one came.</summary>
    public TimeSpan? PerToken => _count == 0 ? null : _gaps / _count;

    /// <summary>A token came.</summary>
    /// <param name="before">What this returned for the same answer's token before; 0 for its first.</param>
    public long Next(long before)
    {
        var now = clock.GetTimestamp();
        FirstToken ??= clock.GetElapsedTime(_started, now);
        if (before != 0)
        {
            var gap = clock.GetElapsedTime(before, now);
            _gaps += gap;
            _count++;
            metrics.CountGap(gap);
        }

        return now;
    }
}
