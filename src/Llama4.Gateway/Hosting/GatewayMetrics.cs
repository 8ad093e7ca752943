using System.Diagnostics.Metrics;
using Llama4.Contracts;
using Llama4.Gateway.Answers;

namespace Llama4.Gateway.Hosting;

/// <summary>
/// What the gateway counts, under names that a scraper sees as <c>llama4_…</c>: requests with their outcome and duration, tokens, and what its
/// engine is doing. No label has a caller's text in it, so their number is bounded.
/// </summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Llama4.Gateway";

    public const string DurationName = "llama4.request.duration";

    /// <summary>Seconds: from a refusal to a long answer.</summary>
    public static readonly double[] DurationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _prompt;
    private readonly Counter<long> _cached;
    private readonly Counter<long> _generated;

    private volatile EngineStatus? _engine;

    public GatewayMetrics(IMeterFactory meters, RequestGate gate)
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("llama4.requests", description: "Requests that have ended, by endpoint and by how: a finish_reason, or the code of an error.");
        _duration = meter.CreateHistogram<double>(DurationName, "s", "Time from a request's start to its end, by endpoint.");
        _prompt = meter.CreateCounter<long>("llama4.prompt.tokens", description: "Tokens of prompts, cached ones included, of requests that have ended.");
        _cached = meter.CreateCounter<long>("llama4.cached.prompt.tokens", description: "Tokens of prompts that were in the prefix cache, of requests that have ended.");
        _generated = meter.CreateCounter<long>("llama4.generated.tokens", description: "Tokens of answers, of requests that have ended.");
        meter.CreateObservableUpDownCounter("llama4.requests.running", () => gate.Inside, description: "Requests inside the gateway.");
        Gauge("llama4.sequences.running", engine => engine.Running, "Sequences that hold KV blocks, in the engine this gateway asks.");
        Gauge("llama4.sequences.waiting", engine => engine.Waiting, "Sequences in that engine's queue.");
        Gauge("llama4.kv.blocks.used", engine => engine.KvBlocksUsed, "KV blocks in use by sequences, cached prefixes not counted.");
        Gauge("llama4.kv.blocks", engine => engine.KvBlocks, "KV blocks over all pools.");

        void Gauge(string name, Func<EngineStatus, int> value, string description) => meter.CreateObservableUpDownCounter(
            name,
            () => _engine is { } engine ? (Measurement<int>[])[new(value(engine))] : [], // unknown is not 0
            description: description);
    }

    /// <summary>Counts a request that has ended.</summary>
    /// <param name="outcome">A finish_reason, or the code of an error.</param>
    public void Count(string endpoint, string outcome, Usage usage, TimeSpan elapsed)
    {
        var ofEndpoint = new KeyValuePair<string, object?>("endpoint", endpoint);
        _requests.Add(1, ofEndpoint, new("outcome", outcome));
        _duration.Record(elapsed.TotalSeconds, ofEndpoint);
        _prompt.Add(usage.PromptTokens);
        _cached.Add(usage.CachedTokens);
        _generated.Add(usage.GeneratedTokens);
    }

    /// <summary>What the engine was doing a moment ago; null while it does not say.</summary>
    public void See(EngineStatus? engine) => _engine = engine;
}
