using System.Diagnostics;
using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;
using Llama4.Contracts;

namespace Llama4.Server.Pipeline;

/// <summary>Runs one cluster of simulated hosts until the number of micro-batches rests, and measures it then.</summary>
internal sealed class PipelineRun(PipelineSettings settings, HollowCheckpoint checkpoint)
{
    /// <summary>Windows with the same number of micro-batches after which it counts as settled: longer than a trial of another number takes.</summary>
    private const int SettledWindows = 3;

    /// <summary>For which the cluster is watched while it has nothing to do.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(60);

    /// <summary>Most that a window takes beyond its time to have its steps.</summary>
    private static readonly TimeSpan StepsLimit = TimeSpan.FromSeconds(60);

    public async Task<PipelineFigures> MeasureAsync(int hosts, CancellationToken cancellation)
    {
        var slower = settings.SlowerOf(hosts, checkpoint.Config.Layers.Count);
        using var clock = new SimulatedClock(slower);
        var before = Memory();
        var started = Stopwatch.GetTimestamp();
        var cluster = await SimulatedHosts.StartAsync(settings.Options(checkpoint.Directory, hosts, clock), cancellation);
        var startS = Stopwatch.GetElapsedTime(started).TotalSeconds;
        PipelineFigures figures;
        try
        {
            figures = await MeasureAsync(cluster, clock, hosts, before, cancellation) with { StartS = startS, Slower = slower };
        }
        finally
        {
            started = Stopwatch.GetTimestamp();
            await cluster.DisposeAsync();
        }

        return figures with { StopS = Stopwatch.GetElapsedTime(started).TotalSeconds };
    }

    private async Task<PipelineFigures> MeasureAsync(
        SimulatedHosts cluster, SimulatedClock clock, int hosts, (long Managed, long Resident) before, CancellationToken cancellation)
    {
        var idle = Memory();
        var meter = new PipelineMeter(cluster, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sequences = settings.SequencesOf(hosts);
        var load = WhenOneFailsAsync([.. Enumerable.Range(0, sequences).Select(i => GenerateAsync(cluster.Client, i, end.Token))]);
        var settling = Stopwatch.GetTimestamp();
        await SettleAsync(meter, sequences, load, cancellation);
        var settleS = Stopwatch.GetElapsedTime(settling).TotalSeconds;
        var window = await WindowAsync(meter, settings.Window, stepsMin: 4 * sequences / Math.Max(1, settings.Rows), load, cancellation);
        await end.CancelAsync();
        await ((Task)load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Rest / 2, cancellation); // what was in flight comes to its end
        var restCores = await RestCoresAsync(meter, cancellation); // here and not at the start, where code is still compiled
        return new PipelineFigures(
            hosts,
            cluster.Plan.Replicas[0].Stages.Length,
            cluster.Plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().Count(),
            checkpoint.Config.Layers.Count,
            sequences,
            window,
            settings.Device is null ? Bound(cluster.Plan) : null,
            (double)(idle.Managed - before.Managed) / hosts,
            (double)(idle.Resident - before.Resident) / hosts)
        {
            SettleS = settleS,
            IdleCores = restCores,
        };
    }

    /// <summary>
    /// Rows a simulated second of the busiest host when it never waits: 1 / max(A, E) where one host has the attention and one the experts. Null where both take no time.
    /// </summary>
    private double? Bound(PlacementPlan plan)
    {
        var seconds = plan.Replicas[0].Stages.ToDictionary(stage => stage.Host, stage => stage.Layers * settings.Attention.TotalSeconds);
        foreach (var layer in plan.Layers)
        {
            foreach (var group in layer.ExpertGroups)
            {
                seconds[group.Host] = seconds.GetValueOrDefault(group.Host) + (settings.Experts.TotalSeconds * group.Count / checkpoint.Config.Experts);
            }
        }

        return seconds.Values.Max() is var busiest and > 0 ? settings.Rows / busiest : null;
    }

    private static async Task<double> RestCoresAsync(PipelineMeter meter, CancellationToken cancellation)
    {
        var first = meter.Now();
        await Task.Delay(Rest, cancellation);
        var last = meter.Now();
        return (last.Cpu - first.Cpu).TotalSeconds / Stopwatch.GetElapsedTime(first.Stamp, last.Stamp).TotalSeconds;
    }

    private async Task SettleAsync(PipelineMeter meter, int sequences, Task load, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        for (int alike = 0, last = 0; alike < SettledWindows && Stopwatch.GetElapsedTime(start) < SettleLimit;)
        {
            var window = await WindowAsync(meter, TimeSpan.Zero, Math.Max(48, 4 * last), load, cancellation);
            var count = (int)Math.Round(window.MicroBatches(sequences));
            alike = count == last ? alike + 1 : 1;
            last = count;
        }
    }

    private static async Task<PipelineWindow> WindowAsync(PipelineMeter meter, TimeSpan time, int stepsMin, Task load, CancellationToken cancellation)
    {
        var first = meter.Now();
        while (true)
        {
            await Task.Delay(LookEvery, cancellation);
            if (load.IsCompleted)
            {
                await load; // only a failure ends it: this says which
            }

            var window = PipelineWindow.Between(first, meter.Now());
            if (window.RealS >= time.TotalSeconds && (window.Steps >= stepsMin || window.RealS >= (time + StepsLimit).TotalSeconds))
            {
                return window.Steps > 0
                    ? window
                    : throw new InvalidOperationException($"no step came through within {window.RealS:0} s");
            }
        }
    }

    private static async Task WhenOneFailsAsync(Task[] sequences)
    {
        await await Task.WhenAny(sequences);
        await Task.WhenAll(sequences);
    }

    /// <summary>One sequence after another, until it is cancelled.</summary>
    private static async Task GenerateAsync(IGenerationClient client, int number, CancellationToken cancellation)
    {
        while (true)
        {
            // One token of a prompt, so that all there is to do are decodes.
            var request = new GenerateRequest
            {
                Id = Guid.NewGuid(), Prompt = [1 + (number % 100)], TokensMax = int.MaxValue, Sampling = new SamplingSettings { Temperature = 0 }, Caller = "bench",
            };
            var (result, generation) = await client.SubmitAsync(request, cancellation);
            if (generation is null)
            {
                throw new InvalidOperationException(result.Message);
            }

            await using (generation)
            {
                await foreach (var chunk in generation.Chunks(cancellation))
                {
                    if (chunk.Finish is FinishReason.Error)
                    {
                        throw new InvalidOperationException(chunk.Error);
                    }
                }
            }
        }
    }

    private static (long Managed, long Resident) Memory()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }
}
