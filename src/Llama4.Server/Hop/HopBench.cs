using System.Diagnostics;
using Llama4.Cluster.Hop;

namespace Llama4.Server.Hop;

/// <summary>Measures hops to another process: grain calls and bare sockets by turns, so that what disturbs the machine disturbs both.</summary>
/// <param name="timeOfSize">How long each size is measured.</param>
internal sealed class HopBench(HopTarget target, RawEcho raw, TimeSpan timeOfSize)
{
    /// <summary>A row of Llama 4: 5,120 bf16 values.</summary>
    private const int RowBytes = 10_240;

    private const int PingBytes = 16;
    private const int BusyBytes = 5_000_000;
    private const int WarmUpCalls = 300;
    private const int CallsInTurn = 20;

    /// <summary>The sizes, after calls of 16 bytes, idle and beside 5 MB messages.</summary>
    public async Task<IReadOnlyList<HopFigures>> RunAsync(IReadOnlyList<int> sizes, Action<double> done, CancellationToken cancellation)
    {
        var figures = new List<HopFigures> { await MeasureAsync(PingBytes, target.PingAsync, cancellation) };
        figures[0] = figures[0] with { Busy = await PingWhileBusyAsync(cancellation) };
        foreach (var bytes in sizes)
        {
            done((double)figures.Count / (sizes.Count + 1));
            figures.Add(await MeasureAsync(bytes, Echo(bytes), cancellation));
        }

        return figures;
    }

    private async Task<HopFigures> MeasureAsync(int bytes, Func<ValueTask> call, CancellationToken cancellation)
    {
        for (var i = 0; i < WarmUpCalls && (i < CallsInTurn || bytes < BusyBytes / 10); i++)
        {
            await call();
            await raw.EchoAsync(bytes, cancellation);
        }

        var (grain, bare) = (new Latencies(), new Latencies());
        var allocated = 0L;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < timeOfSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < CallsInTurn; i++)
            {
                await grain.MeasureAsync(call);
            }

            allocated += GC.GetTotalAllocatedBytes(precise: true) - before;
            for (var i = 0; i < CallsInTurn; i++)
            {
                await bare.MeasureAsync(() => raw.EchoAsync(bytes, cancellation));
            }
        }

        return new HopFigures(bytes, grain, bare, (double)allocated / grain.Count, null);
    }

    private async Task<Latencies> PingWhileBusyAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await Echo(BusyBytes)();
                }
            },
            CancellationToken.None);
        var latencies = new Latencies();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < timeOfSize)
        {
            await latencies.MeasureAsync(target.PingAsync);
        }

        await stop.CancelAsync();
        await load;
        cancellation.ThrowIfCancellationRequested();
        return latencies;
    }

    /// <summary>As many rows as come nearest to the size; less than one row is a narrower one.</summary>
    private Func<ValueTask> Echo(int bytes)
    {
        var rows = Math.Max(1, bytes / RowBytes);
        return () => target.EchoAsync(rows, Math.Max(1, bytes / rows / 2));
    }
}
