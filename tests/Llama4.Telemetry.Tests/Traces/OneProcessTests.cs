using System.Diagnostics;
using System.Net.Http.Json;
using Llama4.Client;
using Llama4.Telemetry.Tests.Otlp;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>One request, one trace: what <c>llama4 serve</c> exports to a collector, over both of OTLP's ways.</summary>
public class OneProcessTests
{
    private const int Tokens = 6;
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

    private static Dictionary<string, string> Environment(string endpoint, string protocol, double ratio, int every) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
        ["OTEL_TRACES_SAMPLER_ARG"] = ratio.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["LLAMA4_TRACE_TOKENS"] = $"{every}",
    };

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Serve_WithACollector_GivesOneTraceOfARequest(string protocol)
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var server = await ServerProcess.StartAsync(Environment(protocol == "grpc" ? collector.Grpc : collector.Http, protocol, ratio: 1, every: 4), "--port", "0");

        var (traceResponse, _) = await server.Http.ChatAsync(Tokens);
        var spans = await collector.UntilAsync(spans => spans.Any(span => span.Name == "chat scout-nano"));
        (await server.StopAsync()).ShouldBe(0, server.Log); // which sends what is left
        spans = collector.Spans;

        var request = spans.Named("chat scout-nano").ShouldHaveSingleItem();
        traceResponse.ShouldBe($"00-{request.Trace}-{request.Id}-01");
        (request.Parent, request.Kind, request.Source, request.Status).ShouldBe(("", ReceivedSpan.ServerKind, "Llama4.Gateway", 0));
        request.Text("gen_ai.operation.name").ShouldBe("chat");
        request.Text("gen_ai.provider.name").ShouldBe("llama4");
        request.Text("gen_ai.request.model").ShouldBe("scout-nano");
        request.Number("gen_ai.request.max_tokens").ShouldBe(Tokens);
        request.Tags["gen_ai.request.temperature"].ShouldBe(0.0);
        request.Number("gen_ai.usage.output_tokens").ShouldBe(Tokens);
        request.Number("gen_ai.usage.input_tokens").ShouldBeGreaterThan(0);
        request.Tags["gen_ai.response.finish_reasons"].ShouldBe(new[] { "length" });
        request.Text("gen_ai.response.id").ShouldStartWith("chatcmpl-");
        request.Number("http.response.status_code").ShouldBe(200);
        request.Events.ShouldBe(["first token"]);
        request.Resource["service.name"].ShouldBe("llama4");
        request.Tags.Keys.ShouldNotContain("error.type");

        var trace = spans.Where(span => span.Trace == request.Trace).ToList();
        trace.Select(span => span.Id).Distinct().Count().ShouldBe(trace.Count);
        trace.Count(span => span.Parent.Length == 0).ShouldBe(1);
        Dictionary<string, int> paths = trace.GroupBy(trace.Path).ToDictionary(group => group.Key, group => group.Count());
        paths["chat scout-nano > 1 prompt"].ShouldBe(1);
        paths["chat scout-nano > 2 engine"].ShouldBe(1);
        paths["chat scout-nano > 2 engine > 2 queue"].ShouldBe(1);
        paths["chat scout-nano > 2 engine > 2 step"].ShouldBe(Tokens);
        paths["chat scout-nano > 2 engine > 2 step > 3 schedule"].ShouldBe(Tokens);
        paths["chat scout-nano > 2 engine > 2 step > 4 stage"].ShouldBe(Tokens);
        paths["chat scout-nano > 2 engine > 2 step > 9 draw"].ShouldBe(Tokens);
        trace.Named("2 step").Select(step => step.Number("llama4.token.index")).Order().ShouldBe(Enumerable.Range(0, Tokens).Select(index => (long)index));
        trace.Named("2 engine").ShouldHaveSingleItem().Text("llama4.finish").ShouldBe("length");

        // One token in four in full depth, the second and the sixth: all eight layers.
        paths["chat scout-nano > 2 engine > 2 step > 4 stage > 5 layer"].ShouldBe(2 * 8);
        paths["chat scout-nano > 2 engine > 2 step > 10 emit"].ShouldBe(2);
        trace.Named("5 layer").Select(layer => trace.Above(trace.Above(layer)).Number("llama4.token.index")).Distinct().Order().ShouldBe([1, 5]);

        SpanTable.Unsaid(trace).ShouldBeEmpty();

        // The way that was asked for, and the log beside the spans.
        var way = protocol == "grpc" ? "grpc" : "http";
        collector.Calls.Keys.ShouldBe([$"{way} traces", $"{way} metrics", $"{way} logs"], ignoreOrder: true);
        collector.Logs.Where(log => log.Trace == request.Trace).ShouldContain(log => log.Text.StartsWith("chat ") && log.Span == request.Id);
        collector.Logs.ShouldAllBe(log => !log.Text.Contains("capital of France"));
        collector.Metrics.Keys.ShouldContain("llama4.requests");
    }

    [Fact]
    public async Task Serve_OfClientsWithATrace_FollowsWhatTheySay()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var environment = Environment(collector.Grpc, "grpc", ratio: 0, every: 1);
        environment["OTEL_SERVICE_NAME"] = "assistant";
        environment["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test";
        await using var server = await ServerProcess.StartAsync(environment, "--port", "0");

        var (notAsked, plain) = await server.Http.ChatAsync(Tokens);
        var (sampledOut, _) = await server.Http.ChatAsync(Tokens, $"{Parent}-00");
        var (nonsense, _) = await server.Http.ChatAsync(Tokens, "00-nonsense-01");
        var (sampled, followed) = await server.Http.ChatAsync(Tokens, $"{Parent}-01", "vendor=1,other=2");
        (await server.StopAsync()).ShouldBe(0, server.Log);

        // Whoever is not recorded has a trace id all the same, that of the client where it has one.
        notAsked!.ShouldEndWith("-00");
        sampledOut!.ShouldStartWith(Parent[..36]);
        sampledOut.ShouldEndWith("-00");
        nonsense!.ShouldEndWith("-00");
        sampled!.ShouldStartWith(Parent[..36]);
        sampled.ShouldEndWith("-01");
        collector.Spans.Select(span => span.Trace).Distinct().ShouldBe([Parent[3..35]]);
        var request = collector.Spans.Named("chat scout-nano").ShouldHaveSingleItem();
        (request.Parent, request.State).ShouldBe((Parent[36..], "vendor=1,other=2"));
        collector.Spans.Named("2 step").ShouldAllBe(step => step.State == "vendor=1,other=2");
        (request.Resource["service.name"], request.Resource["deployment.environment.name"]).ShouldBe(("assistant", "test"));
        Content(followed).ShouldBe(Content(plain)); // full depth changes no token

        static string Content(string body) => string.Concat(System.Text.RegularExpressions.Regex.Matches(body, "\"content\":\"([^\"]*)\"").Select(match => match.Groups[1].Value));
    }

    /// <summary>What a client does wrong is told with its code and is no error of ours; other endpoints are requests without a model's part.</summary>
    [Fact]
    public async Task Serve_OfWhatIsRefused_RecordsWhy()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var server = await ServerProcess.StartAsync(Environment(collector.Http, "http/protobuf", ratio: 1, every: 0), "--port", "0");

        await PostAsync("/v1/chat/completions", new { model = "another", messages = (object[])[new { role = "user", content = "hello" }] });
        await PostAsync("/v1/completions", new { model = "scout-nano", prompt = "Paris is", max_tokens = 2, n = 2 });
        await PostAsync("/tokenize", new { model = "scout-nano", prompt = "hello" });
        (await server.StopAsync()).ShouldBe(0, server.Log);

        var refused = collector.Spans.Named("chat").ShouldHaveSingleItem();
        (refused.Text("error.type"), refused.Number("http.response.status_code"), refused.Status).ShouldBe(("model_not_found", 404, 0));
        var completion = collector.Spans.Named("text_completion scout-nano").ShouldHaveSingleItem();
        completion.Number("gen_ai.request.choice.count").ShouldBe(2);
        collector.Spans.Below(completion).Named("2 engine").Count.ShouldBe(2); // one for each answer
        var tokenize = collector.Spans.Named("POST /tokenize").ShouldHaveSingleItem();
        tokenize.Tags.Keys.ShouldNotContain(tag => tag.StartsWith("gen_ai.") || tag == "error.type");
        collector.Spans.Named("5 layer").ShouldBeEmpty();

        async Task PostAsync(string path, object body)
        {
            using var response = await server.Http.PostAsJsonAsync(path, body);
            response.Headers.GetValues("traceresponse").Single().ShouldEndWith("-01");
        }
    }

    /// <summary>A chat over Orleans is below the span of the program that asks.</summary>
    [Fact]
    public async Task Serve_OfAClientWithoutHttp_IsBelowItsSpan()
    {
        using var source = new ActivitySource("a program");
        using var listener = new ActivityListener { ShouldListenTo = one => one == source, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        await using var collector = await OtlpReceiver.StartAsync();
        var port = Machine.FreePort();
        await using var server = await ServerProcess.StartAsync(Environment(collector.Grpc, "grpc", ratio: 0, every: 1), "--port", "0", "--client-port", $"{port}");

        await using var services = new ServiceCollection().AddLlama4Client($"tcp://127.0.0.1:{port}").BuildServiceProvider();
        using var asking = source.StartActivity("asking")!;
        await services.GetRequiredService<IChatClient>().GetResponseAsync("What is the capital of France?", new ChatOptions { MaxOutputTokens = Tokens });
        var spans = await collector.UntilAsync(spans => spans.Named("chat scout-nano").Count > 0 && spans.Named("5 layer").Count >= 8);

        var chat = spans.Named("chat scout-nano").ShouldHaveSingleItem();
        (chat.Trace, chat.Parent).ShouldBe((asking.TraceId.ToHexString(), asking.SpanId.ToHexString()));
        chat.Number("gen_ai.usage.output_tokens").ShouldBeGreaterThan(0);
        chat.Tags.Keys.ShouldNotContain("http.response.status_code");
        spans.Select(span => span.Trace).Distinct().Count().ShouldBe(1);
    }
}
