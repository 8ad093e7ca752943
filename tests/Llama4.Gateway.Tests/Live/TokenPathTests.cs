using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Live;

/// <summary>"llama4_path": each token's path beside the choices, once, also where its text is held back; and its bounds.</summary>
public class TokenPathTests
{
    private const string Asked = """{"model":"scout-nano","messages":[{"role":"user","content":"Hi"}],"llama4_path":true""";

    private static readonly TokenHop[] Path =
    [
        new(0, new HostId("h1"), 120, 80, null),
        new(1, new HostId("h1"), 121, 0, new ExpertHop(new HostId("h2"), 210, 300, [new ExpertChoice(5, 0.83, 0.6123456789), new ExpertChoice(2, 0.7, 0.3)])),
    ];

    [Fact]
    public async Task Stream_OfPaths_HasEachTokensPathInItsChunk()
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" Paris is"));

        var events = await gateway.EventsAsync("/v1/chat/completions", Asked + ""","stream":true,"stream_options":{"include_usage":true}}""");

        events[^1].ShouldBe("[DONE]");
        var chunks = events[..^1].Select(Json.Parse).ToList();
        chunks.Count(chunk => chunk.TryGetProperty("usage", out _)).ShouldBe(chunks.Count);
        var paths = chunks.Where(chunk => chunk.TryGetProperty("llama4", out _)).ToList();
        foreach (var chunk in paths)
        {
            var path = chunk.At("llama4.paths.0");
            chunk.At("llama4.paths").GetArrayLength().ShouldBe(1);
            var shown = chunk.At("choices.0.delta").TryGetProperty("content", out var content) ? content.GetString() : "";
            (path.At("text").GetString() == "<|eot|>" ? "" : path.At("text").GetString()).ShouldBe(shown, "a token's path comes with its text");
        }
        var ids = ScoutNano.Tokenizer.Encode(" Paris is");
        paths.Select(chunk => chunk.At("llama4.paths.0.token").GetInt32()).ShouldBe([.. ids, ScoutNano.Eot]);
        paths.Select(chunk => chunk.At("llama4.paths.0.index").GetInt32()).ShouldBe(Enumerable.Range(0, ids.Length + 1));
        paths[0].At("llama4.paths.0.layers").GetRawText().ShouldBe(
            """
            [{"layer":0,"host":"h1","attention_us":120,"feed_forward_us":80},{"layer":1,"host":"h1","attention_us":121,"expert":5,"score":0.83,"expert_host":"h2","wire_us":210,"expert_us":300,
            "top":[{"expert":5,"score":0.83,"probability":0.612346},{"expert":2,"score":0.7,"probability":0.3}]}]
            """.ReplaceLineEndings(""));
    }

    /// <summary>A possible stop string holds text back; the paths wait for the next chunk, and none is lost at the end.</summary>
    [Fact]
    public async Task Stream_WithHeldText_TellsEveryPathOnce()
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" Paris is in France"));

        var events = await gateway.EventsAsync("/v1/chat/completions", Asked + ""","stream":true,"stop":[" Paris is in Germany"]}""");

        Paths(events).ShouldBe(Enumerable.Range(0, ScoutNano.Tokenizer.Encode(" Paris is in France").Length + 1));
    }

    [Theory]
    [InlineData("/v1/chat/completions", Asked + ""","n":2}""")]
    [InlineData("/v1/completions", """{"model":"scout-nano","prompt":["Hi","Ho"],"llama4_path":true}""")]
    public async Task Answer_OfPaths_HasThemBesideChoices(string path, string request)
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" Paris"));

        var answer = await gateway.JsonAsync(path, request);

        var tokens = ScoutNano.Tokenizer.Encode(" Paris").Length + 1;
        var paths = answer.At("llama4.paths").EnumerateArray().Select(one => (one.At("choice").GetInt32(), one.At("index").GetInt32())).Order();
        paths.ShouldBe(Enumerable.Range(0, 2).SelectMany(choice => Enumerable.Range(0, tokens).Select(index => (choice, index))));
    }

    [Fact]
    public async Task Answer_WithoutTheField_HasNoPaths()
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" Paris"));

        var answer = await gateway.JsonAsync("/v1/chat/completions", """{"model":"scout-nano","messages":[{"role":"user","content":"Hi"}]}""");

        answer.TryGetProperty("llama4", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("/v1/chat/completions", Asked + ""","n":5}""", "n")]
    [InlineData("/v1/completions", """{"model":"scout-nano","prompt":["a","b","c"],"n":2,"llama4_path":true}""", "n")]
    [InlineData("/v1/completions", """{"model":"scout-nano","prompt":"a","llama4_path":"yes"}""", "llama4_path")]
    public async Task Request_ForTooMuch_IsRefusedByName(string path, string request, string param)
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" Paris"));

        (await gateway.JsonAsync(path, request, HttpStatusCode.BadRequest)).At("error.param").GetString().ShouldBe(param);
    }

    [Fact]
    public async Task Answers_PastTheMost_AreToldToComeAgain()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster, options => options with { Limits = options.Limits with { TracedAnswersMax = 2 } });
        var first = gateway.PostAsync("/v1/chat/completions", Asked + ""","n":2}""");
        ScriptedGeneration[] open = [await cluster.NextAsync(), await cluster.NextAsync()];
        open.ShouldAllBe(generation => generation.Request.Trace);

        (await gateway.JsonAsync("/v1/chat/completions", Asked + "}", HttpStatusCode.TooManyRequests)).At("error.type").GetString().ShouldBe("rate_limit_error");

        foreach (var generation in open)
            generation.End(FinishReason.Stop);
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        var second = gateway.PostAsync("/v1/chat/completions", Asked + "}");
        (await cluster.NextAsync()).End(FinishReason.Stop);
        (await second).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static IEnumerable<int> Paths(IEnumerable<string> events) => events.Where(one => one != "[DONE]").Select(Json.Parse)
        .Where(chunk => chunk.TryGetProperty("llama4", out _))
        .SelectMany(chunk => chunk.At("llama4.paths").EnumerateArray().Select(path => path.At("index").GetInt32()));

    /// <summary>As the cluster does: paths where they are asked for.</summary>
    private static ScriptedClient Saying(string text) => new(generation =>
    {
        int[] ids = [.. ScoutNano.Tokenizer.Encode(text), ScoutNano.Eot];
        foreach (var id in ids)
            generation.Token(id, id == ScoutNano.Eot ? FinishReason.Stop : null, path: generation.Request.Trace ? Path : null);
    });
}
