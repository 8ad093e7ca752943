using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Live;

/// <summary>The live feed over a real connection: its shape, its bounds, and that it asks nothing when nobody reads.</summary>
public class LiveEndpointTests
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Event_OfTwoHosts_IsWhatTheDocumentSays()
    {
        var (name, data) = (await EventsAsync(new ScriptedWatch { Tell = Counted }, 1))[0];

        name.ShouldBe("live");
        DateTimeOffset.Parse(data.At("time").GetString()!).Offset.ShouldBe(TimeSpan.Zero);
        data.At("time").GetString()!.ShouldEndWith("Z");
        data.At("epoch").GetInt64().ShouldBe(7);
        data.At("model").GetString().ShouldBe(ScoutNano.Options.ModelIds[0]);
        data.At("hosts").GetArrayLength().ShouldBe(2);
        data.At("hosts.0").GetRawText().ShouldBe(
            """
            {"name":"center-k3f9","roles":["engine","attention","experts","vocabulary","gateway"],"zone":"rack-1","memory_bytes":640000000,"memory_used_bytes":217000000,"layers":[0,1,2,3],
            "experts":[{"layer":1,"first":8,"count":8},{"layer":1,"first":5,"count":1},{"layer":3,"first":8,"count":8},{"layer":3,"first":5,"count":1}],"rows_per_second":1234.5,"suspected":false}
            """.ReplaceLineEndings(""));
        data.At("hosts.1").GetRawText().ShouldBe(
            """
            {"name":"worker-a1b2","roles":["experts","vocabulary"],"zone":"","memory_bytes":128000000,"memory_used_bytes":96000000,"layers":[],
            "experts":[{"layer":1,"first":0,"count":8},{"layer":3,"first":0,"count":8}],"rows_per_second":0,"suspected":true}
            """.ReplaceLineEndings(""));
        data.At("engine").GetRawText().ShouldBe(
            """{"running":3,"waiting":2,"kv_blocks_used":10,"kv_blocks":40,"tokens_per_second":0,"prompt_tokens_per_second":0,"cached_tokens_per_second":0}""");
        data.At("heat.seconds").GetInt32().ShouldBe(5);
        data.At("heat.experts").GetInt32().ShouldBe(ScriptedWatch.Experts);
        data.At("heat.layers").EnumerateArray().Select(layer => layer.GetProperty("layer").GetInt32()).ShouldBe([1, 3], "dense layers have no heat");
    }

    /// <summary>What was counted before anybody watched here is not heat; what comes then is, and engines' rates with it.</summary>
    [Fact]
    public async Task Events_WhileTokensAreRouted_TellHeatAndRates()
    {
        var events = await EventsAsync(new ScriptedWatch { Tell = Counted }, 3);

        foreach (var (i, (_, data)) in events.Index())
        {
            data.At("heat.layers.0.tokens").EnumerateArray().Select(count => count.GetInt64()).ShouldBe(Enumerable.Range(0, 16).Select(expert => (long)i * expert));
            data.At("heat.layers.1.tokens").EnumerateArray().Sum(count => count.GetInt64()).ShouldBe(0);
        }
        events[0].Data.At("engine.tokens_per_second").GetDouble().ShouldBe(0);
        events[1].Data.At("engine.tokens_per_second").GetDouble().ShouldBeGreaterThan(0);
        events[1].Data.At("engine.cached_tokens_per_second").GetDouble().ShouldBe(0);
    }

    [Fact]
    public async Task Watchers_PastTheMost_AreRefusedUntilOneLeaves()
    {
        await using var gateway = await StartAsync(new ScriptedWatch());
        var watching = new List<HttpResponseMessage>();
        for (var i = 0; i < 3; i++)
            watching.Add(await OpenAsync(gateway));

        using (var refused = await OpenAsync(gateway))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
            Json.Parse(await refused.Content.ReadAsStringAsync()).At("error.message").GetString().ShouldBe("3 watch the cluster, which is the most.");
        }
        watching[0].Dispose();

        await EventuallyAsync(async () =>
        {
            using var again = await OpenAsync(gateway);
            return again.StatusCode == HttpStatusCode.OK;
        });
        watching.ForEach(one => one.Dispose());
    }

    /// <summary>Two watchers are one sampling; none is none.</summary>
    [Fact]
    public async Task Cluster_WhenNobodyWatches_IsAskedNothing()
    {
        var watch = new ScriptedWatch();
        await using var gateway = await StartAsync(watch);
        watch.Asked.ShouldBe(0);

        var first = await OpenAsync(gateway);
        var second = await OpenAsync(gateway);
        await EventuallyAsync(() => Task.FromResult(watch.Asked > 3));
        first.Dispose();
        second.Dispose();

        var asked = -1;
        await EventuallyAsync(async () =>
        {
            var before = asked;
            asked = watch.Asked;
            await Task.Delay(10 * Every);
            return before == asked;
        });
    }

    [Fact]
    public async Task Cluster_ThatDoesNotAnswer_IsToldToTheWatcher_AndTheStreamGoesOn()
    {
        var events = await EventsAsync(new ScriptedWatch { Tell = i => i == 1 ? throw new InvalidOperationException("no host leads") : Counted(i) }, 3);

        events.Select(one => one.Name).ShouldBe(["live", "away", "live"]);
        events[1].Data.GetRawText().ShouldBe("""{"message":"no host leads"}""");
    }

    [Fact]
    public async Task Stream_WhenTheServerStops_Ends()
    {
        await using var gateway = await StartAsync(new ScriptedWatch());
        using var response = await OpenAsync(gateway);
        var body = response.Content.ReadAsStringAsync();

        await gateway.App.StopAsync();

        (await body.WaitAsync(Deadline)).ShouldEndWith("\n\n");
    }

    [Fact]
    public async Task Post_IsRefused()
    {
        await using var gateway = await StartAsync(new ScriptedWatch());

        using var response = await gateway.PostAsync("/console/live", "{}");

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    /// <summary>The i-th answer: each expert e of layer 1 has had e more tokens than in the one before; 1,000 before the first.</summary>
    private static ClusterStatus Counted(int i)
    {
        var status = new ScriptedAdmin().Status;
        var routed = new long[ScriptedWatch.Layers * ScriptedWatch.Experts];
        for (var expert = 0; expert < ScriptedWatch.Experts; expert++)
            routed[ScriptedWatch.Experts + expert] = 1000 + ((long)i * expert);
        var center = status.Hosts[0] with { RoutedTokens = routed, Engines = [status.Hosts[0].Engines[0] with { TokensGenerated = 1000 + (10 * i) }] };
        return status with { Hosts = [status.Hosts[1], center] };
    }

    private static Task<TestGateway> StartAsync(ScriptedWatch watch, TimeProvider? clock = null) => TestGateway.StartAsync(
        ScriptedClient.Silent(),
        options => options with { Clock = clock ?? options.Clock, Limits = options.Limits with { LiveEvery = Every, LiveWatchersMax = 3 } },
        watch);

    private static Task<HttpResponseMessage> OpenAsync(TestGateway gateway) =>
        gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/console/live"), HttpCompletionOption.ResponseHeadersRead);

    /// <summary>The first events, each of which is read before the cluster is asked again: a reader who is late is not told of every answer.</summary>
    private static async Task<List<(string Name, JsonElement Data)>> EventsAsync(ScriptedWatch watch, int count)
    {
        var clock = new TickedClock();
        await using var gateway = await StartAsync(watch, clock);
        using var limit = new CancellationTokenSource(Deadline);
        using var response = await OpenAsync(gateway);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        (await reader.ReadLineAsync(limit.Token)).ShouldBe("retry: 1000");
        (await reader.ReadLineAsync(limit.Token)).ShouldBe("");
        var events = new List<(string, JsonElement)>();
        while (events.Count < count)
        {
            var (name, data) = (await reader.ReadLineAsync(limit.Token), await reader.ReadLineAsync(limit.Token));
            (await reader.ReadLineAsync(limit.Token)).ShouldBe("");
            name.ShouldStartWith("event: ");
            data.ShouldStartWith("data: ");
            events.Add((name![7..], Json.Parse(data![6..])));
            clock.Tick();
        }
        return events;
    }

    private static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        using var limit = new CancellationTokenSource(Deadline);
        while (!await isSo())
            await Task.Delay(Every, limit.Token);
    }
}
