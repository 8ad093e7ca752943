namespace Llama4.LoadTest.Report;

/// <summary>Round numbers along an axis.</summary>
internal static class Ticks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten from <paramref name="min"/> to at least <paramref name="max"/>; about <paramref name="wanted"/> of them.</summary>
    public static IReadOnlyList<double> Of(double min, double max, int wanted = 5)
    {
        var raw = (max > min ? max - min : 1) / wanted;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = ((double[])[1, 2, 5, 10]).First(multiple => multiple * power >= raw * (1 - 1e-9)) * power;
        var first = Math.Floor((min / step) + 1e-9);
        var last = Math.Ceiling((Math.Max(max, min + step) / step) - 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
    }
}
