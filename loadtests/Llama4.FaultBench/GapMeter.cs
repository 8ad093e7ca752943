using System.Diagnostics;

namespace Llama4.FaultBench;

/// <summary>The longest gap between two tokens of any stream since it was last asked, and when it ended.</summary>
public sealed class GapMeter
{
    private readonly Lock _lock = new();
    private double _longestMs;
    private DateTime _endedAt;
    private int _tokens;

    public void Note(double gapMs)
    {
        lock (_lock)
        {
            _tokens++;
            if (gapMs > _longestMs)
                (_longestMs, _endedAt) = (gapMs, DateTime.Now);
        }
    }

    /// <summary>Waits until so many more tokens have come, at most for this long.</summary>
    /// <exception cref="TimeoutException">Streams stand still.</exception>
    public async Task HearAsync(int tokens, TimeSpan limit, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var heard = Volatile.Read(ref _tokens);
        while (Volatile.Read(ref _tokens) - heard < tokens)
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
                throw new TimeoutException($"expected {tokens} tokens within {limit.TotalSeconds} s, found {Volatile.Read(ref _tokens) - heard}");
            await Task.Delay(10, cancellation);
        }
    }

    /// <summary>Starts anew.</summary>
    public (double Ms, DateTime EndedAt) Take()
    {
        lock (_lock)
        {
            var taken = (_longestMs, _endedAt);
            (_longestMs, _endedAt, _tokens) = (0, default, 0);
            return taken;
        }
    }
}
