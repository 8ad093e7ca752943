namespace Llama4.Gateway.Tests.Live;

/// <summary>The machine's time, but what is to happen again and again does so only when told to.</summary>
internal sealed class TickedClock : TimeProvider
{
    private Action? _tick;

    public void Tick() => _tick.ShouldNotBeNull()();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period == Timeout.InfiniteTimeSpan)
            return base.CreateTimer(callback, state, dueTime, period);
        _tick = () => callback(state);
        return new Ticked();
    }

    private sealed class Ticked : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
