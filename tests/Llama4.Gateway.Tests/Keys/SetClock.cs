namespace Llama4.Gateway.Tests.Keys;

/// <summary>Time stands still until it is moved.</summary>
internal sealed class SetClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public void Advance(double seconds) => Interlocked.Add(ref _now, TimeSpan.FromSeconds(seconds).Ticks);
}
