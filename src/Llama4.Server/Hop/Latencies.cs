using System.Diagnostics;

namespace Llama4.Server.Hop;

/// <summary>Times of calls, in microseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> _sorted = [];
    private bool _isSorted = true;

    public int Count => _sorted.Count;

    public async ValueTask MeasureAsync(Func<ValueTask> call)
    {
        var start = Stopwatch.GetTimestamp();
        await call();
        _sorted.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        _isSorted = false;
    }

    /// <summary>The time within which this share of the calls was done: the nearest rank.</summary>
    public double Percentile(double share)
    {
        if (!_isSorted)
        {
            _sorted.Sort();
            _isSorted = true;
        }

        return _sorted[Math.Clamp((int)Math.Ceiling(share * _sorted.Count) - 1, 0, _sorted.Count - 1)];
    }
}
