using System.Diagnostics;
using Llama4.Cluster.Hop;

namespace Llama4.Server.Hop;

/// <summary>Measures hops to another process: grain calls and bare sockets by turns, so that what disturbs the machine disturbs both.</summary>
/// <param name="secured">The same over mutual TLS, by turns with the others; null for not at all.</param>
/// <param name="timeOfSize">How long each size is measured.</param>
internal sealed class HopBench(HopTarget target, HopTarget? secured, RawEcho raw, TimeSpan timeOfSize)
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
        var figures = new List<HopFigures> { await MeasureAsync(PingBytes, to => to.PingAsync(), cancellation) };
        figures[0] = figures[0] with { Busy = await PingWhileBusyAsync(cancellation) };
        foreach (var bytes in sizes)
        {
            done((double)figures.Count / (sizes.Count + 1));
            figures.Add(await MeasureAsync(bytes, Echo(bytes), cancellation));
        }

        return figures;
    }

    private async Task<HopFigures> MeasureAsync(int bytes, Func<HopTarget, ValueTask> call, CancellationToken cancellation)
    {
        for (var i = 0; i < WarmUpCalls && (i < CallsInTurn || bytes < BusyBytes / 10); i++)
        {
            await call(target);
            await raw.EchoAsync(bytes, cancellation);
            if (secured is not null)
            {
                await call(secured);
            }
        }

        var (grain, bare, tls) = (new Latencies(), new Latencies(), new Latencies());
        var allocated = 0L;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < timeOfSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < CallsInTurn; i++)
            {
                await grain.MeasureAsync(() => call(target));
            }

            allocated += GC.GetTotalAllocatedBytes(precise: true) - before;
            for (var i = 0; i < CallsInTurn; i++)
            {
                await bare.MeasureAsync(() => raw.EchoAsync(bytes, cancellation));
            }

            for (var i = 0; secured is not null && i < CallsInTurn; i++)
            {
                await tls.MeasureAsync(() => call(secured));
            }
        }

        return new HopFigures(bytes, grain, bare, (double)allocated / grain.Count, null, secured is null ? null : tls);
    }

    private async Task<Latencies> PingWhileBusyAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await Echo(BusyBytes)(target);
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
    private static Func<HopTarget, ValueTask> Echo(int bytes)
    {
        var rows = Math.Max(1, bytes / RowBytes);
        return to => to.EchoAsync(rows, Math.Max(1, bytes / rows / 2));
    }
}
