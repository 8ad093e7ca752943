using Llama4.Cluster.Tests;
using Llama4.Telemetry.Tests.Otlp;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>A trace over the processes of a cluster, each of which exports its own spans.</summary>
public class ManyProcessesTests
{
    private const string NoRedis = "redis-server is not installed";

    public static bool HasRedis => RedisServer.IsInstalled;

    private static Dictionary<string, string> Environment(OtlpReceiver collector, int every) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Grpc,
        ["OTEL_TRACES_SAMPLER"] = "always_on",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BSP_MAX_QUEUE_SIZE"] = "65536",
        ["LLAMA4_TRACE_TOKENS"] = $"{every}",
    };

    private static Task<ServerProcess> HostAsync(RedisServer store, OtlpReceiver collector, int every, string name, string roles) => ServerProcess.StartAsync(
        Environment(collector, every),
        ["--cluster", store.Address.ToString(), "--name", name, "--roles", roles, "--threads", "1", "--memory", "1GiB", "--kv-memory", "64MiB", .. roles.Contains("gateway") ? (string[])["--port", "0"] : []]);

    [Fact(Skip = NoRedis, SkipUnless = nameof(HasRedis))]
    public async Task Requests_OverThreeHosts_AreATraceEachWithTheSpansOfAll()
    {
        const int Requests = 6;
        const int Tokens = 12;
        await using var collector = await OtlpReceiver.StartAsync();
        await using var store = await RedisServer.StartAsync();
        await using var middle = await HostAsync(store, collector, every: 1, "middle", "attention,experts");
        await using var back = await HostAsync(store, collector, every: 1, "back", "experts");
        await Task.WhenAll(middle.JoinedAsync(), back.JoinedAsync()); // who comes after the first plan may get nothing
        await using var front = await HostAsync(store, collector, every: 1, "front", "engine,vocabulary,gateway");
        await ServerProcess.PlannedAsync(middle, back, front);

        await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => front.Http.ChatAsync(Tokens, text: $"Count to {i}.")));
        var spans = await collector.UntilAsync(spans => AreWhole(spans, Requests, Tokens));

        var pids = new HashSet<object>();
        foreach (var chat in spans.Named("chat scout-nano"))
        {
            var trace = spans.Where(span => span.Trace == chat.Trace).ToList();
            trace.Where(span => span.Parent.Length > 0).ShouldAllBe(span => trace.Any(other => other.Id == span.Parent));
            pids.UnionWith(trace.Select(span => span.Resource["process.pid"]));

            // Each token's layers, in their order, with what each took and who had the expert.
            foreach (var stage in trace.Named("4 stage").Where(stage => Done(trace.Below(stage)).Any()))
            {
                var layers = Done(trace.Below(stage)).OrderBy(layer => layer.Number("llama4.layer")).ToList();
                layers.Select(layer => layer.Number("llama4.layer")).ShouldBe(Enumerable.Range(0, 8).Select(layer => (long)layer));
                layers.Select(layer => layer.Start).ShouldBeInOrder();
                layers.ShouldAllBe(layer => layer.End > layer.Start && layer.Text("llama4.host").StartsWith("middle"));
                foreach (var layer in layers)
                {
                    layer.Number("llama4.attention_us").ShouldBeGreaterThan(0);
                    layer.Number("llama4.expert").ShouldBeInRange(0, 15);
                    layer.Number("llama4.expert.rows").ShouldBeInRange(1, layer.Number("llama4.rows"));
                    layer.Number("llama4.rows.merged").ShouldBeGreaterThan(0);
                    var isElsewhere = layer.Text("llama4.expert.host").StartsWith("back");
                    // Experts elsewhere are asked; a question that takes long is asked again, and a standby may be the attention's own host.
                    var groups = trace.Below(trace.Below(layer).Named("7 experts").Single());
                    groups.ShouldAllBe(group => group.Name == "8 expert group");
                    groups = groups.Where(group => group.Text("llama4.host") == layer.Text("llama4.expert.host")).ToList();
                    groups.ShouldNotBeEmpty();
                    groups.ShouldAllBe(group => group.Resource["process.pid"].Equals(layer.Resource["process.pid"]) == !isElsewhere);
                    if (isElsewhere)
                        (groups.All(group => group.Kind == ReceivedSpan.ServerKind), layer.Number("llama4.wire_us") > 0).ShouldBe((true, true));
                    else if (groups.All(group => group.Kind != ReceivedSpan.ServerKind))
                        layer.Number("llama4.wire_us").ShouldBe(0);
                    trace.Below(layer).Named("6 attention").Count.ShouldBe(1);
                }
            }

            trace.Named("9 draw").ShouldAllBe(draw => draw.Text("llama4.host").StartsWith("front"));
        }

        pids.Count.ShouldBe(3);
        SpanTable.Unsaid(spans).ShouldBeEmpty();

        // A step of several requests links to the others, a batch of experts to the steps of all whose rows are in it.
        var traces = spans.Named("chat scout-nano").ToDictionary(chat => chat.Trace);
        var shared = spans.Named("2 step").Where(step => step.Links.Count > 0).ToList();
        shared.ShouldNotBeEmpty();
        shared.ShouldAllBe(step => step.Links.Count == step.Number("llama4.sequences") - 1
            && step.Links.All(link => link.Trace != step.Trace && traces[link.Trace].Id == link.Id));
        var batches = spans.Named("8 expert group").Where(group => group.Kind == ReceivedSpan.ServerKind).ToList();
        var steps = spans.Named("2 step").ToDictionary(step => step.Id);
        batches.ShouldAllBe(batch => batch.Links.Any(link => link.Trace == batch.Trace) && batch.Links.All(link => steps[link.Id].Trace == link.Trace));
        batches.ShouldContain(batch => batch.Links.Select(link => link.Trace).Distinct().Count() > 1);
        spans.Named("8 expert group").ShouldAllBe(batch => batch.Links.Count > 0 && batch.Links.Count <= batch.Number("llama4.rows.merged"));
    }

    private static IEnumerable<ReceivedSpan> Done(IEnumerable<ReceivedSpan> spans) => spans.Where(span => span.Status != ReceivedSpan.ErrorStatus);

    /// <summary>All spans of all tokens are there; on a slow machine a step may have been given up and done again, which has more of them.</summary>
    private static bool AreWhole(IReadOnlyList<ReceivedSpan> spans, int requests, int tokens)
    {
        var chats = spans.Named("chat scout-nano");
        var ids = spans.Select(span => (span.Trace, span.Id)).ToHashSet();
        return chats.Count == requests
            && chats.All(chat => Done(spans).Count(span => span.Trace == chat.Trace && span.Name == "5 layer") is var layers
                && layers >= 8 * tokens
                && layers % 8 == 0
                && spans.Count(span => span.Trace == chat.Trace && span.Name == "8 expert group") >= layers
                && spans.Count(span => span.Trace == chat.Trace && span.Name == "2 step") >= tokens)
            && spans.All(span => span.Parent.Length == 0 || ids.Contains((span.Trace, span.Parent)));
    }

    [Fact(Skip = NoRedis, SkipUnless = nameof(HasRedis))]
    public async Task Request_WhoseEngineIsKilled_GoesOnInItsTrace()
    {
        const int Tokens = 3000;
        const int Requests = 4;
        const string Host = "engine,attention,experts,vocabulary";
        await using var collector = await OtlpReceiver.StartAsync();
        await using var store = await RedisServer.StartAsync();
        await using var one = await HostAsync(store, collector, every: 0, "one", Host);
        await using var other = await HostAsync(store, collector, every: 0, "other", Host);
        await ServerProcess.PlannedAsync(one, other);
        await using var gateway = await HostAsync(store, collector, every: 0, "gateway", "gateway");

        var answers = Task.WhenAll(Enumerable.Range(0, Requests).Select(i => gateway.Http.ChatAsync(Tokens, text: $"Count to {i}.")));
        var before = await collector.UntilAsync( // all have tokens, so that all go on elsewhere with some
            spans => spans.Named("2 step").Where(step => step.Number("llama4.token.index") > 20).Select(step => step.Trace).Distinct().Count() == Requests);
        var engine = before.Named("2 step").MaxBy(step => step.Start)!.Resource["process.pid"];
        new[] { one, other }.Single(host => host.Id.Equals((int)(long)engine)).Kill();
        await answers;
        var spans = await collector.UntilAsync(spans => spans.Named("chat scout-nano").Count == Requests && Last(spans).Count() == Requests);

        // A slow machine may have had a host suspected before: the last move of each request counts.
        foreach (var after in Last(spans))
        {
            var chat = spans.Named("chat scout-nano").Single(chat => chat.Trace == after.Trace);
            chat.Number("gen_ai.usage.output_tokens").ShouldBe(Tokens);
            after.Parent.ShouldBe(chat.Id);
            after.Resource["process.pid"].ShouldNotBe(engine);
            var again = spans.Named("2 resubmission").Where(again => again.Trace == chat.Trace).MaxBy(again => again.Start).ShouldNotBeNull();
            again.Parent.ShouldBe(chat.Id);
            again.Number("llama4.emitted.tokens").ShouldBeGreaterThan(0);
            after.Number("llama4.emitted.tokens").ShouldBe(again.Number("llama4.emitted.tokens"));
            again.Text("llama4.engine.to").ShouldNotBe(again.Text("llama4.engine.from"));
            spans.Where(span => span.Trace == chat.Trace && span.Name == "2 step").Select(step => step.Resource["process.pid"]).Distinct().Count().ShouldBe(2);
        }

        // That of the engine which was killed could not be told.
        static IEnumerable<ReceivedSpan> Last(IReadOnlyList<ReceivedSpan> spans) => spans.Named("2 engine").Where(span => span.Text("llama4.finish") == "length");
    }
}
