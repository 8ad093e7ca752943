using System.Diagnostics;
using Llama4.Compute.Measure;

namespace Llama4.KernelBench;

/// <summary>
/// Times enqueued work. Every repeat measures the machine itself first, and shares are medians of the repeats' own ratios:
/// what else runs on the machine slows both.
/// </summary>
/// <param name="seconds">Time for each figure.</param>
/// <param name="match">Only what has this in its name is measured.</param>
internal sealed class Stopwatches(IDevice device, MachineProbe probe, double seconds, string match)
{
    public List<Figure> Figures { get; } = [];

    /// <summary>Work bound by reading <paramref name="bytes"/>.</summary>
    public async Task ReadAsync(string name, double bytes, Action<int> enqueue, int batch = 1)
    {
        if (!IsWanted(name))
        {
            return;
        }

        (double time, double machine) = await MedianAsync(probe.ReadGbPerSecond, enqueue, batch);
        Add(new Figure(name, time * 1e6, bytes / time / 1e9, 0, bytes / machine / 1e9));
    }

    /// <summary>Work bound by <paramref name="macs"/> multiply-adds.</summary>
    public async Task ComputeAsync(string name, double macs, Action<int> enqueue, int batch = 1)
    {
        if (!IsWanted(name))
        {
            return;
        }

        (double time, double machine) = await MedianAsync(probe.FmaGflopPerSecond, enqueue, batch);
        Add(new Figure(name, time * 1e6, 0, 2 * macs / time / 1e9, 2 * macs / machine / 1e9));
    }

    /// <summary>Work bound by neither: the cost of commands.</summary>
    public async Task TimeAsync(string name, Action<int> enqueue, int batch = 1)
    {
        if (IsWanted(name))
        {
            Add(new Figure(name, (await MedianAsync(static () => 1, enqueue, batch)).Time * 1e6, 0, 0, 0));
        }
    }

    private bool IsWanted(string name) => name.Contains(match, StringComparison.Ordinal);

    /// <param name="machineSpeed">One run of the yardstick.</param>
    /// <param name="enqueue">Called with a growing number, so that it can take other weights each time.</param>
    /// <param name="batch">Calls enqueued before one wait.</param>
    /// <returns>Medians of the time of a call, and of that time multiplied by the machine's speed just before.</returns>
    private async Task<(double Time, double TimesSpeed)> MedianAsync(Func<double> machineSpeed, Action<int> enqueue, int batch)
    {
        var times = new List<double>();
        var products = new List<double>();
        int call = 0;
        long begin = Stopwatch.GetTimestamp();
        for (int repeat = -2; repeat < 5 || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds; repeat++)
        {
            double speed = machineSpeed();
            await device.SynchronizeAsync();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < batch; i++)
            {
                enqueue(call++);
            }

            await device.SynchronizeAsync();
            if (repeat >= 0)
            {
                double time = Stopwatch.GetElapsedTime(start).TotalSeconds / batch;
                times.Add(time);
                products.Add(time * speed);
            }
        }

        return (Median(times), Median(products));
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private void Add(Figure figure)
    {
        Figures.Add(figure);
        string bound = figure.GbPerSecond > 0 ? $"{figure.GbPerSecond,9:F1} GB/s   {figure.Share,6:P1} of read bandwidth"
            : figure.GflopPerSecond > 0 ? $"{figure.GflopPerSecond,9:F1} GFLOP/s {figure.Share,6:P1} of FMA peak"
            : "";
        Console.Error.WriteLine($"{figure.Name,-44} {figure.Microseconds,12:F1} us {bound}");
    }
}
