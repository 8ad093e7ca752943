using System.Diagnostics;
using System.Runtime;
using Llama4.Cluster.Hop;

namespace Llama4.Server.Hop;

/// <summary>Measures hops to another process: grain calls and bare sockets by turns, so that what disturbs the machine disturbs both.</summary>
/// <param name="secured">The same over mutual TLS, by turns with the others; null for not at all.</param>
/// <param name="rawSecured">A bare stream over mutual TLS: what the cipher and its records cost without grains; null as <paramref name="secured"/>.</param>
/// <param name="timeOfSize">How long each size is measured.</param>
internal sealed class HopBench(HopTarget target, RawEcho raw, HopTarget? secured, RawEcho? rawSecured, TimeSpan timeOfSize)
{
    /// <summary>A row of Llama 4: 5,120 bf16 values.</summary>
    private const int RowBytes = 10_240;

    private const int PingBytes = 16;
    private const int BusyBytes = 5_000_000;
    private const int WarmUpCalls = 300;

    /// <summary>Of <c>timeOfSize</c>: how long nothing may have been compiled before it is measured, and how long that is waited for.</summary>
    private const double QuietShare = 1.0 / 8, WarmUpShare = 5;

    private const int CallsInTurn = 20;

    /// <summary>The sizes, after calls of 16 bytes, idle and beside 5 MB messages.</summary>
    public async Task<IReadOnlyList<HopFigures>> RunAsync(IReadOnlyList<int> sizes, Action<double> done, CancellationToken cancellation)
    {
        await WarmUpAsync(cancellation);
        var figures = new List<HopFigures> { await MeasureAsync(PingBytes, to => to.PingAsync(), cancellation) };
        figures[0] = figures[0] with { Busy = await PingWhileBusyAsync(cancellation) };
        foreach (var bytes in sizes)
        {
            done((double)figures.Count / (sizes.Count + 1));
            figures.Add(await MeasureAsync(bytes, Echo(bytes), cancellation));
        }

        return figures;
    }

    /// <summary>Until the code of a call is compiled for good: on a machine with other work that takes longer than any number of calls, and was half of what was measured.</summary>
    private async Task WarmUpAsync(CancellationToken cancellation)
    {
        var echo = Echo(RowBytes);
        var (start, quietSince, compiled) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp(), 0L);
        while (Stopwatch.GetElapsedTime(quietSince) < timeOfSize * QuietShare && Stopwatch.GetElapsedTime(start) < timeOfSize * WarmUpShare)
        {
            cancellation.ThrowIfCancellationRequested();
            await target.PingAsync();
            await echo(target);
            await raw.EchoAsync(RowBytes, cancellation);
            if (secured is not null && rawSecured is not null)
            {
                await echo(secured);
                await rawSecured.EchoAsync(RowBytes, cancellation);
            }

            if (JitInfo.GetCompiledMethodCount() is var now && now != compiled)
            {
                (compiled, quietSince) = (now, Stopwatch.GetTimestamp());
            }
        }
    }

    private async Task<HopFigures> MeasureAsync(int bytes, Func<HopTarget, ValueTask> call, CancellationToken cancellation)
    {
        for (var i = 0; i < WarmUpCalls && (i < CallsInTurn || bytes < BusyBytes / 10); i++)
        {
            await call(target);
            await raw.EchoAsync(bytes, cancellation);
            if (secured is not null && rawSecured is not null)
            {
                await call(secured);
                await rawSecured.EchoAsync(bytes, cancellation);
            }
        }

        var (grain, bare, tls, bareTls) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
        var allocated = 0L;
        var start = Stopwatch.GetTimestamp();
        do
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

            for (var i = 0; rawSecured is not null && i < CallsInTurn; i++)
            {
                await bareTls.MeasureAsync(() => rawSecured.EchoAsync(bytes, cancellation));
            }
        }
        while (Stopwatch.GetElapsedTime(start) < timeOfSize);

        return new HopFigures(bytes, grain, bare, (double)allocated / grain.Count, null, secured is null ? null : tls, rawSecured is null ? null : bareTls);
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
        do
        {
            await latencies.MeasureAsync(target.PingAsync);
        }
        while (Stopwatch.GetElapsedTime(start) < timeOfSize);

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
