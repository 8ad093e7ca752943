using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

public class ToolCallTests
{
    private const string Path = "/v1/chat/completions";
    private const string Weather = """{"type":"function","function":{"name":"get_weather","description":"Weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}""";
    private const string Now = """{"type":"function","function":{"name":"now"}}""";
    private const string Question = """{"role":"user","content":"Warm in Paris?"}""";

    [Fact]
    public async Task Chat_WhenTheAnswerIsCalls_GivesThemWithoutContent()
    {
        var cluster = ScriptedClient.Saying("""[get_weather(city="Paris", n=12345678901234567890), now()]""");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Path, Request());

        var message = answer.At("choices.0.message");
        message.At("content").ValueKind.ShouldBe(JsonValueKind.Null);
        message.At("tool_calls.0.type").GetString().ShouldBe("function");
        message.At("tool_calls.0.function.name").GetString().ShouldBe("get_weather");
        message.At("tool_calls.0.function.arguments").GetString().ShouldBe("""{"city": "Paris", "n": 12345678901234567890}""");
        message.At("tool_calls.1.function.name").GetString().ShouldBe("now");
        message.At("tool_calls").EnumerateArray().Select(call => call.At("id").GetString()).Distinct().Count().ShouldBe(2);
        answer.At("choices.0.finish_reason").GetString().ShouldBe("tool_calls");
        var prompt = ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt);
        prompt.ShouldContain("system<|header_end|>\n\nHere is a list of functions in JSON format");
        prompt.ShouldContain("\"name\": \"get_weather\"");
    }

    [Theory]
    [InlineData("The weather is nice. [now()]")]
    [InlineData("[1] A footnote.")]
    [InlineData("[get_time()]")]
    [InlineData("[now()] would do.")]
    [InlineData("[now(")]
    [InlineData("{\"name\": \"now\"}")]
    public async Task Chat_WhenTheAnswerIsNoCalls_GivesItAsText(string text)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying(text));

        var answer = await gateway.JsonAsync(Path, Request());

        answer.At("choices.0.message.content").GetString().ShouldBe(text);
        answer.At("choices.0.message").TryGetProperty("tool_calls", out _).ShouldBeFalse();
        answer.At("choices.0.finish_reason").GetString().ShouldBe("stop");
    }

    [Fact]
    public async Task Chat_WhenCallsStandBetweenMarkers_ReadsTheSpecialTokensAndKeepsTheProse()
    {
        var specials = ScoutNano.Tokenizer.Specials;
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(specials["<|python_start|>"]);
            generation.Text("Let me look.");
            generation.Token(specials["<|python_end|>"]);
            generation.Text("""{"name": "now", "parameters": {}}""");
            generation.Token(ScoutNano.Eot, FinishReason.Stop);
        }));

        var answer = await gateway.JsonAsync(Path, Request());

        answer.At("choices.0.message.content").GetString().ShouldBe("Let me look.");
        answer.At("choices.0.message.tool_calls.0.function.arguments").GetString().ShouldBe("{}");
    }

    [Fact]
    public async Task Chat_WhenCallsAreStreamed_GivesThemAsDeltasAndNothingAsContent()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("""[get_weather(city="Paris"), now()]"""));

        var events = await gateway.EventsAsync(Path, Request("""
            ,"stream":true
            """));

        events[^1].ShouldBe("[DONE]");
        var deltas = events[..^1].ConvertAll(chunk => Json.Parse(chunk).At("choices.0"));
        deltas.Count.ShouldBe(4); // role, two calls, finish
        deltas[1].At("delta.tool_calls.0.index").GetInt32().ShouldBe(0);
        deltas[1].At("delta.tool_calls.0.function.name").GetString().ShouldBe("get_weather");
        deltas[1].At("delta.tool_calls.0.function.arguments").GetString().ShouldBe("""{"city": "Paris"}""");
        deltas[1].At("finish_reason").ValueKind.ShouldBe(JsonValueKind.Null);
        deltas[2].At("delta.tool_calls.0.index").GetInt32().ShouldBe(1);
        deltas[2].At("delta.tool_calls.0.id").GetString()!.ShouldStartWith("call_");
        deltas[3].At("finish_reason").GetString().ShouldBe("tool_calls");
    }

    [Fact]
    public async Task Chat_WhenTextIsStreamedThatCanBeNoCall_IsNotHeldBack()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var response = await gateway.PostAsync(Path, Request("""
            ,"stream":true
            """), stream: true);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var generation = await cluster.NextAsync();

        generation.Text("Yes");

        var content = "";
        while (content != "Yes")
        {
            var line = await lines.ReadLineAsync();
            content += line?.StartsWith("data: ", StringComparison.Ordinal) == true ? Json.Parse(line[6..]).At("choices.0.delta.content").GetString() : "";
        }

        generation.End(FinishReason.Length);
    }

    [Fact]
    public async Task Chat_WhenTheAnswerWasCutAfterWholeCalls_GivesThemAndSaysLength()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Text("[now()]");
            generation.End(FinishReason.Length);
        }));

        var answer = await gateway.JsonAsync(Path, Request());

        answer.At("choices.0.message.tool_calls").GetArrayLength().ShouldBe(1);
        answer.At("choices.0.finish_reason").GetString().ShouldBe("length");
    }

    [Fact]
    public async Task Chat_WhenCallsMayNotBeParallel_GivesTheFirst()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[now(), now()]"));

        var answer = await gateway.JsonAsync(Path, Request("""
            ,"parallel_tool_calls":false
            """));

        answer.At("choices.0.message.tool_calls").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Chat_WhenToolChoiceIsNone_ShowsNoToolsAndReadsNoCalls()
    {
        var cluster = ScriptedClient.Saying("[now()]");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Path, Request("""
            ,"tool_choice":"none"
            """));

        answer.At("choices.0.message.content").GetString().ShouldBe("[now()]");
        answer.At("choices.0.finish_reason").GetString().ShouldBe("stop");
        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldNotContain("get_weather");
    }

    [Fact]
    public async Task Chat_WhenToolsStandInTheUserMessage_WritesThemThere()
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, Request("""
            ,"chat_template_kwargs":{"tools_in_user_message":true}
            """));

        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldContain("user<|header_end|>\n\nGiven the following functions");
    }

    [Fact]
    public async Task Chat_WhenLogprobsAreAskedFor_GivesThoseOfTheCallToo()
    {
        var ids = ScoutNano.Tokenizer.Encode("[now()]");
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            foreach (var id in ids)
            {
                generation.Token(id, logprob: -0.5);
            }

            generation.End(FinishReason.Stop);
        }));

        var answer = await gateway.JsonAsync(Path, Request("""
            ,"logprobs":true
            """));

        answer.At("choices.0.logprobs.content").GetArrayLength().ShouldBe(ids.Length);
        answer.At("choices.0.finish_reason").GetString().ShouldBe("tool_calls");
    }

    [Fact]
    public async Task Chat_WhenThereAreTooManyTools_Is400()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        var tools = string.Join(',', Enumerable.Range(0, 129).Select(i => $$$"""{"type":"function","function":{"name":"f{{{i}}}"}}"""));

        var error = await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Question}}],"tools":[{{tools}}]}""", HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe("tools");
    }

    private static string Request(string more = "") =>
        $$"""{"model":"scout-nano","messages":[{{Question}}],"tools":[{{Weather}},{{Now}}]{{more}}}""";
}
