using System.Diagnostics;
using Llama4.Gateway.Telemetry;

namespace Llama4.Server.Bench;

/// <summary>What is exported while decoding is measured.</summary>
internal enum TelemetryMode
{
    Off,

    Metrics,

    /// <summary>Traces of one request in a hundred, one token of them in 256 in full depth: what there is without further settings.</summary>
    Sampled,

    /// <summary>Traces of all requests, one token in 256 in full depth.</summary>
    AllSampled,
}

/// <summary>
/// What telemetry costs those who decode: each mode in turn, so that what disturbs the machine disturbs all of them; by the clock and by the processor's time, which neighbours disturb
/// less. The collector is in this process, and part of the cost.
/// </summary>
internal sealed class TelemetryBench(BenchRounds rounds)
{
    public static readonly TelemetryMode[] Modes = Enum.GetValues<TelemetryMode>();

    private readonly ClusterRunner _runner = new(rounds.Model.Cluster.Client) { IsRequest = true };
    private readonly DecodeSlices _slices = new(rounds);

    /// <param name="done">Called with the share done, 0 to 1.</param>
    public async Task<List<TelemetryFigures>> MeasureAsync(Action<double> done, CancellationToken cancellation)
    {
        await using var sink = await SpanSink.StartAsync();
        var figures = new List<TelemetryFigures>();
        foreach (var sequences in rounds.Plan.Concurrency)
        {
            List<int[]> prompts = _slices.NewPrompts(sequences);
            foreach (var mode in Modes)
            {
                using var warm = Start(mode, sink);
                await _runner.DecodeAsync(prompts, rounds.Plan.AnswerTokens, cancellation); // code is compiled, prompts are in the prefix cache
            }

            var measured = new List<TelemetryRound>();
            while (measured.Count < rounds.Count)
            {
                var round = new TelemetryRound();
                for (var i = 0; i < Modes.Length; i++)
                {
                    var mode = Modes[(i + measured.Count) % Modes.Length]; // whoever comes first in one round comes later in the next
                    var before = sink.Bytes;
                    var started = Stopwatch.GetTimestamp();
                    SliceFigures one;
                    using (Start(mode, sink))
                    {
                        one = await _slices.MeasureAsync(_runner, prompts, rounds.Slice, cancellation);
                    }

                    round.Add(mode, one, (sink.Bytes - before) / Stopwatch.GetElapsedTime(started).TotalSeconds);
                    done((figures.Count + ((measured.Count + ((i + 1.0) / Modes.Length)) / rounds.Count)) / rounds.Plan.Concurrency.Count);
                }

                measured.Add(round);
            }

            figures.Add(new TelemetryFigures(sequences, measured));
        }

        return figures;
    }

    /// <summary>As the environment of a process that exports to the sink would have it; this one's is changed for it.</summary>
    private static IDisposable Start(TelemetryMode mode, SpanSink sink)
    {
        Dictionary<string, string?> environment = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = mode == TelemetryMode.Off ? null : sink.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_TRACES_EXPORTER"] = mode is TelemetryMode.Sampled or TelemetryMode.AllSampled ? "otlp" : "none",
            ["OTEL_METRICS_EXPORTER"] = mode == TelemetryMode.Metrics ? "otlp" : "none",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_TRACES_SAMPLER"] = mode == TelemetryMode.AllSampled ? "always_on" : null,
            ["OTEL_TRACES_SAMPLER_ARG"] = null,
        };
        foreach (var (name, value) in environment)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        return TelemetrySetup.Start();
    }
}
