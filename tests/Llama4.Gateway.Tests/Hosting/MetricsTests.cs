using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Hosting;

/// <summary>Meters are heard process-wide: no other gateway may be up meanwhile.</summary>
[CollectionDefinition(nameof(MetricsTests), DisableParallelization = true)]
public sealed class MetricsCollection;

[Collection(nameof(MetricsTests))]
public sealed partial class MetricsTests
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task Metrics_TellOfRequestsTimesAndTokens()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        var answered = gateway.JsonAsync(Path, """{"model":"scout-nano","messages":[{"role":"user","content":"Zeppelin"}]}""");
        var answer = await cluster.NextAsync();
        answer.Token(100, cached: 2);
        answer.Token(ScoutNano.Eot, FinishReason.Stop);
        await answered;
        await gateway.JsonAsync(Path, """{"model":"Zeppelin"}""", HttpStatusCode.NotFound);

        var text = await SettledAsync(gateway, "llama4_requests_total", 2);

        var samples = Samples(text);
        samples["""llama4_requests_total{endpoint="chat",outcome="stop"}"""].ShouldBe(1);
        samples["""llama4_requests_total{endpoint="chat",outcome="model_not_found"}"""].ShouldBe(1);
        const string asked = "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"llama4\"";
        const string chat = asked + ",gen_ai_request_model=\"scout-nano\"";
        samples[$"gen_ai_server_request_duration_seconds_count{{{chat}}}"].ShouldBe(1);
        samples[$"gen_ai_server_request_duration_seconds_bucket{{{chat},le=\"+Inf\"}}"].ShouldBe(1);
        samples[$"gen_ai_server_request_duration_seconds_count{{error_type=\"model_not_found\",{asked}}}"].ShouldBe(1);
        samples[$"gen_ai_server_time_to_first_token_seconds_count{{{chat}}}"].ShouldBe(1);
        samples[$"gen_ai_server_time_per_output_token_seconds_count{{{chat}}}"].ShouldBe(1);
        samples["llama4_inter_token_latency_seconds_count"].ShouldBe(1);
        samples["llama4_prompt_tokens_total"].ShouldBe(answer.Request.Prompt.Length);
        samples["llama4_cached_prompt_tokens_total"].ShouldBe(2);
        samples["llama4_generated_tokens_total"].ShouldBe(2);
        samples["llama4_requests_running"].ShouldBe(0);
        text.ShouldNotContain("Zeppelin");
    }

    /// <summary>Prometheus takes exemplars in OpenMetrics only.</summary>
    [Fact]
    public async Task Metrics_OfASampledRequest_HaveItsTraceAsExemplar()
    {
        using var sampling = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(sampling);
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Hello there."));
        var trace = $"{Guid.NewGuid():N}";
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent("""{"model":"scout-nano","messages":[{"role":"user","content":"Hi"}]}""", null, "application/json"),
        };
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        (await gateway.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await SettledAsync(gateway, "llama4_requests_total", 1);

        using var scrape = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        scrape.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");
        using var answer = await gateway.Http.SendAsync(scrape);

        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');
        foreach (var name in new[] { "gen_ai_server_request_duration", "gen_ai_server_time_to_first_token", "llama4_inter_token_latency" })
            lines.ShouldContain(line => line.StartsWith($"{name}_seconds_bucket") && line.Contains($"trace_id=\"{trace}\""), name);
    }

    [Fact]
    public async Task Metrics_WithTheWrongMethod_Are405()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Hello."));
        (await gateway.PostAsync("/metrics", "{}")).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    /// <summary>Scrapes until the samples of a name add up: a request is counted a moment after its last byte, and a scrape may be answered with the one before.</summary>
    private static async Task<string> SettledAsync(TestGateway gateway, string name, double sum)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var text = await gateway.Http.GetStringAsync("/metrics", deadline.Token);
            if (Samples(text).Where(sample => sample.Key.StartsWith(name)).Sum(sample => sample.Value) == sum)
            {
                return text;
            }

            await Task.Delay(50, deadline.Token);
        }
    }

    /// <summary>By name and labels, without the scope's, of lines that are each what the format asks: a type and a help before the first sample of a name, no sample twice.</summary>
    private static Dictionary<string, double> Samples(string text)
    {
        var (samples, told) = (new Dictionary<string, double>(), new HashSet<string>());
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (Told().Match(line) is { Success: true } of)
            {
                told.Add($"{of.Groups[1].Value} {of.Groups[2].Value}").ShouldBeTrue(line);
                continue;
            }

            var sample = Sample().Match(line);
            sample.Success.ShouldBeTrue(line);
            var name = Suffix().Replace(sample.Groups["name"].Value, "");
            told.Any(one => one == $"TYPE {name}" || one == $"TYPE {sample.Groups["name"].Value}").ShouldBeTrue(line);
            told.Any(one => one == $"HELP {name}" || one == $"HELP {sample.Groups["name"].Value}").ShouldBeTrue(line);
            var labels = string.Join(',', sample.Groups["label"].Captures.Select(label => label.Value).Where(label => !label.StartsWith("otel_scope")));
            samples.Add(sample.Groups["name"].Value + (labels == "" ? "" : $"{{{labels}}}"), double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));
        }

        return samples;
    }

    [GeneratedRegex(@"^# (TYPE|HELP) ([a-z_0-9]+) .+$")]
    private static partial Regex Told();

    [GeneratedRegex("""^(?<name>[a-z_][a-z_0-9]*)(\{((?<label>[a-z_0-9]+="[^"\\]*"),?)*\})? (?<value>[0-9.eE+-]+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
