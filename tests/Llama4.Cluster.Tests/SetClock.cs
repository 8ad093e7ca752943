namespace Llama4.Cluster.Tests;

/// <summary>Time stands still until it is moved.</summary>
internal sealed class SetClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public void Advance(TimeSpan time) => _now += time.Ticks;
}
