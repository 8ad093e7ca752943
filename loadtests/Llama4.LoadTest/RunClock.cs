using System.Diagnostics;

namespace Llama4.LoadTest;

/// <summary>Seconds since the run began; all times of a run are its.</summary>
internal sealed class RunClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public double Now => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Waits until <paramref name="at"/>, in short waits at the end: a long one may be a timer's tick late.</summary>
    public async Task UntilAsync(double at, CancellationToken over)
    {
        for (var left = at - Now; left > 0.0005; left = at - Now)
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(left, 0.001, 3600)), over);
        }
    }
}
