namespace Llama4.Simulation;

/// <summary>The world's time, with timers that ring in one process.</summary>
internal sealed class SimulatedClock(SimulatedProcess process) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => process.World.Now;

    public override DateTimeOffset GetUtcNow() => Start + process.World.Time;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(SimulatedProcess process, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private int _set;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            (_period, _set) = (period, _set + 1);
            if (dueTime != Timeout.InfiniteTimeSpan)
                process.World.After(dueTime, process, Ring, _set);
            return true;
        }

        public void Dispose() => _set++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Ring(object? set)
        {
            if ((int)set! != _set)
                return;
            if (_period > TimeSpan.Zero)
                process.World.After(_period, process, Ring, _set);
            callback(state);
        }
    }
}
