using System.Diagnostics;
using System.Diagnostics.Metrics;
using Llama4.Gateway.Telemetry;

namespace Llama4.Gateway.Hosting;

/// <summary>
/// What the gateway counts (docs/decisions/metrics.md has each of them): requests with their outcome, the times of answers under the names of the GenAI conventions, and tokens. No label has
/// a caller's text in it, so their number is bounded.
/// </summary>
internal sealed class GatewayMetrics
{
    /// <summary>Seconds, as the GenAI conventions have them.</summary>
    private static readonly double[] Durations = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68];

    private static readonly double[] FirstTokens = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60];

    /// <summary>The conventions begin at 10 ms, above what a small model takes.</summary>
    private static readonly double[] NextTokens = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10];

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<double> _betweenTokens;
    private readonly Counter<long> _prompt;
    private readonly Counter<long> _cached;
    private readonly Counter<long> _generated;

    public GatewayMetrics(IMeterFactory meters, RequestGate gate)
    {
        var meter = meters.Create(MeterSetup.GatewayMeter);
        _requests = meter.CreateCounter<long>("llama4.requests", description: "Requests that have ended, by endpoint and by how: a finish_reason, or the code of an error.");
        _duration = Times("gen_ai.server.request.duration", "Time from a request's start to its end.", Durations);
        _firstToken = Times("gen_ai.server.time_to_first_token", "Time from a request's start to the first token of an answer, of requests that were completed.", FirstTokens);
        _perToken = Times("gen_ai.server.time_per_output_token", "Mean time between the tokens of an answer, of answers that were completed.", NextTokens);
        _betweenTokens = Times("llama4.inter_token.latency", "Time from a token of an answer to its next.", NextTokens);
        _prompt = meter.CreateCounter<long>("llama4.prompt.tokens", description: "Tokens of prompts, cached ones included, of requests that have ended.");
        _cached = meter.CreateCounter<long>("llama4.cached.prompt.tokens", description: "Tokens of prompts that were in the prefix cache, of requests that have ended.");
        _generated = meter.CreateCounter<long>("llama4.generated.tokens", description: "Tokens of answers, of requests that have ended.");
        meter.CreateObservableUpDownCounter("llama4.requests.running", () => gate.Inside, description: "Requests inside the gateway.");

        Histogram<double> Times(string name, string description, double[] buckets) => meter.CreateHistogram(
            name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });
    }

    /// <summary>Counts a request that has ended. To be called in the request's activity, which exemplars are of.</summary>
    public void Count(RequestLog request, TimeSpan elapsed)
    {
        var outcome = request.Finish == "-" ? "done" : request.Finish;
        var usage = request.Usage;
        _prompt.Add(usage.PromptTokens);
        _cached.Add(usage.CachedTokens);
        _generated.Add(usage.GeneratedTokens);
        if (OperationOf(request.Endpoint) is { } operation)
        {
            CountTimes(request, elapsed, operation, outcome);
        }

        // Last: of a request that is counted, the rest is too.
        _requests.Add(1, new KeyValuePair<string, object?>("endpoint", request.Endpoint), new("outcome", outcome));
    }

    /// <summary>An answer's next token came. To be called in the request's activity.</summary>
    public void CountGap(TimeSpan gap) => _betweenTokens.Record(gap.TotalSeconds);

    private void CountTimes(RequestLog request, TimeSpan elapsed, string operation, string outcome)
    {
        var isComplete = outcome is "stop" or "length" or "tool_calls";
        var labels = new TagList { { "gen_ai.operation.name", operation }, { "gen_ai.provider.name", "llama4" } };
        if (request.Model is { } model)
        {
            labels.Add("gen_ai.request.model", model);
        }

        if (!isComplete)
        {
            labels.Add("error.type", outcome);
        }

        _duration.Record(elapsed.TotalSeconds, labels);
        if (isComplete && request.Times.FirstToken is { } first)
        {
            _firstToken.Record(first.TotalSeconds, labels);
        }

        if (isComplete && request.Times.PerToken is { } mean)
        {
            _perToken.Record(mean.TotalSeconds, labels);
        }
    }

    /// <summary>As the conventions call it; null where nothing is generated.</summary>
    private static string? OperationOf(string endpoint) => endpoint switch
    {
        "chat" or "responses" => "chat",
        "completions" => "text_completion",
        _ => null,
    };
}
