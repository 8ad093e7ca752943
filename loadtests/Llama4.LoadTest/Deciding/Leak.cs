using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Deciding;

/// <summary>Whether memory is flat: the line through what was measured after the warm-up does not rise by more than a share of its median.</summary>
internal static class Leak
{
    /// <summary>Of the time; pools and caches fill in it.</summary>
    public const double WarmUpShare = 1.0 / 3;

    /// <summary>With fewer after the warm-up nothing is said.</summary>
    public const int SamplesMin = 20;

    /// <summary>A rise that no garbage collector is accused for.</summary>
    public const double NoiseBytes = 8 << 20;

    /// <summary>Of pairs of these the slope is the median; more samples are thinned.</summary>
    private const int PointsMax = 400;

    /// <param name="samples">In order of time.</param>
    /// <param name="growthMax">As a share of the median.</param>
    public static MemoryTrend Trend(IReadOnlyList<MemorySample> samples, double growthMax)
    {
        if (samples.Count == 0)
        {
            return new MemoryTrend(0, 0, 0, 0, 0, 0, 0, null);
        }

        var from = samples[0].At + ((samples[^1].At - samples[0].At) * WarmUpShare);
        MemorySample[] measured = [.. samples.Where(sample => sample.At >= from)];
        var span = measured[^1].At - measured[0].At;
        var median = Median([.. measured.Select(sample => (double)sample.Bytes)]);
        var slope = Slope(Thinned(measured));
        var limit = Math.Max(median * growthMax, NoiseBytes);
        return new MemoryTrend(
            measured[0].At,
            measured[^1].At,
            (long)median,
            samples.Max(sample => sample.Bytes),
            slope * span,
            slope * 3600,
            limit,
            measured.Length < SamplesMin ? null : slope * span <= limit);
    }

    /// <summary>Bytes a second: the median of the slopes between all pairs (Theil and Sen), which single peaks do not move.</summary>
    private static double Slope(IReadOnlyList<MemorySample> points)
    {
        var slopes = new List<double>(points.Count * points.Count / 2);
        for (var i = 0; i < points.Count; i++)
        {
            for (var j = i + 1; j < points.Count; j++)
            {
                if (points[j].At > points[i].At)
                {
                    slopes.Add((points[j].Bytes - points[i].Bytes) / (points[j].At - points[i].At));
                }
            }
        }

        return slopes.Count == 0 ? 0 : Median(slopes);
    }

    private static IReadOnlyList<MemorySample> Thinned(MemorySample[] samples)
    {
        var step = Math.Max(1, (samples.Length + PointsMax - 1) / PointsMax);
        return [.. samples.Where((_, i) => i % step == 0)];
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        var middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
