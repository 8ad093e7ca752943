using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Structured;

namespace Llama4.Gateway.Tests;

/// <summary>tool_choice and strict tools: which texts the cluster may draw, and how calls are told as they come.</summary>
public class ConstrainedCallsTests
{
    private const string Path = "/v1/chat/completions";
    private const string Weather = """{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"],"additionalProperties":false}}}""";
    private const string Now = """{"type":"function","function":{"name":"now"}}""";

    private static readonly string Strict = Weather.Replace("\"name\":", "\"strict\":true,\"name\":", StringComparison.Ordinal);

    [Fact]
    public async Task Required_LetsThroughCallsAndNothingElse()
    {
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Weather}},{{Now}}],"tool_choice":"required" """);

        Allows(constraint, """[get_weather(city="Paris", days=3)]""", """[now(), get_weather(city="x")]""");
        Refuses(constraint, "Hello", "[]", "[now()] there", """[get_weather(days=3)]""", """[get_weather(city=5)]""", "[now(x=1)]", """{"name": "now", "parameters": {}}""");
    }

    [Fact]
    public async Task Required_WithToolsInTheUserMessage_IsCallsInTheFormThatTheModelWasShown()
    {
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Weather}},{{Now}}],"tool_choice":"required","chat_template_kwargs":{"tools_in_user_message":true} """);

        Allows(constraint, """{"name": "get_weather", "parameters": {"city": "Paris"}}""", """{"name": "now", "parameters": {}}{"name": "now", "parameters": {}}""");
        Refuses(constraint, "[now()]", """{"name": "get_weather", "parameters": {}}""", """{"name": "now"}""");
    }

    [Fact]
    public async Task Named_IsOneCallOfThatTool()
    {
        var constraint = await ConstraintOfAsync($$$""" "tools":[{{{Weather}}},{{{Now}}}],"tool_choice":{"type":"function","function":{"name":"now"}} """);

        Allows(constraint, "[now()]");
        Refuses(constraint, "[now(), now()]", """[get_weather(city="Paris")]""", "now");
    }

    [Fact]
    public async Task Required_WithoutParallelCalls_IsOneCall()
    {
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Now}}],"tool_choice":"required","parallel_tool_calls":false """);

        Allows(constraint, "[now()]");
        Refuses(constraint, "[now(), now()]");
    }

    [Fact]
    public async Task Strict_WithAuto_LeavesTextFreeAndBindsACallThatHasBegun()
    {
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Strict}},{{Now}}] """);

        Allows(
            constraint, "Hello [now()] there", "", "[1] A footnote.", "[now", "[get_weather]", "{}", "{ x", "<b>", """[get_weather(city="Paris")]""", "[now()]",
            """{"name": "get_weather", "parameters": {"city": "Paris"}}""", "\n\nText");
        Refuses(
            constraint, """[get_weather(city=5)]""", "[get_weather()]", """[ get_weather (days=1)]""", "[now()] would do.", """{"name": "get_weather", "parameters": {}}""",
            """{"answer": 42}""", """ {"name": "now"}""", "<|python_start|>[now()]");
    }

    [Fact]
    public async Task Auto_WithoutAPromise_IsNotConstrained() =>
        (await RequestOfAsync($$""" "tools":[{{Weather}},{{Now}}] """)).Constraint.ShouldBeNull();

    [Fact]
    public async Task None_WithStrictTools_IsNotConstrained() =>
        (await RequestOfAsync($$""" "tools":[{{Strict}}],"tool_choice":"none" """)).Constraint.ShouldBeNull();

    [Fact]
    public async Task Auto_WithAForm_IsCallsOrTheForm()
    {
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Weather}}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"integer"} } } """);

        Allows(constraint, "42", """[get_weather(city="Paris")]""");
        Refuses(constraint, "Hello", "[get_weather()]");
    }

    [Fact]
    public async Task Tool_WhoseSchemaIsNotSupported_TakesAnyObjectUnlessItIsStrict()
    {
        const string Odd = """{"type":"function","function":{"name":"odd","parameters":{"type":"object","properties":{"a":{"$dynamicRef":"#a"}}}}}""";
        var constraint = await ConstraintOfAsync($$""" "tools":[{{Odd}}],"tool_choice":"required" """);

        Allows(constraint, """{"name": "odd", "parameters": {"a": 1, "b": [null]}}""");
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var strict = Odd.Replace("\"name\":", "\"strict\":true,\"name\":", StringComparison.Ordinal);
        var error = await gateway.JsonAsync(Path, Body($$""" "tools":[{{Now}},{{strict}}] """), HttpStatusCode.BadRequest);
        error.At("error.param").GetString().ShouldBe("tools[1].function.parameters");
        error.At("error.message").GetString()!.ShouldContain("$dynamicRef");
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","chat_template_kwargs":{"tools_in_user_message":true}""")]
    public async Task Stream_UnderRequired_TellsNameAndArgumentsAsTheyCome(string more)
    {
        var isJson = more.Length > 0;
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var response = await gateway.PostAsync(Path, Body($$""" "tools":[{{Weather}},{{Now}}],"tool_choice":"required","stream":true{{more}} """), stream: true);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var generation = await cluster.NextAsync();

        generation.Text(isJson ? """{"name": "get_weather", "parameters": """ : "[get_weather(");
        var call = await NextCallAsync(lines);
        call.At("id").GetString()!.ShouldStartWith("call_");
        (call.At("index").GetInt32(), call.At("type").GetString(), call.At("function.name").GetString()).ShouldBe((0, "function", "get_weather"));
        var arguments = call.At("function.arguments").GetString();

        generation.Text(isJson ? """{"city": "Par""" : "city=\"Par");
        while (!arguments!.EndsWith("Par", StringComparison.Ordinal))
        {
            call = await NextCallAsync(lines);
            call.TryGetProperty("id", out _).ShouldBeFalse();
            arguments += call.At("function.arguments").GetString();
        }

        generation.Text(isJson ? "is\"}}" : "is\"), now()]");
        generation.Token(ScoutNano.Eot, FinishReason.Stop);
        var rest = await lines.ReadToEndAsync();
        rest.ShouldContain("\"finish_reason\":\"tool_calls\"");
        rest.ShouldContain("[DONE]");
        if (!isJson)
        {
            rest.ShouldContain("\"index\":1,\"id\":\"call_");
        }
    }

    [Fact]
    public async Task Answer_CutInMidCall_SaysLengthAndGivesWhatThereIs()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Text("[get_weather(city=\"Par");
            generation.End(FinishReason.Length);
        }));

        var answer = await gateway.JsonAsync(Path, Body($$""" "tools":[{{Weather}}],"tool_choice":"required" """));

        answer.At("choices.0.finish_reason").GetString().ShouldBe("length");
        answer.At("choices.0.message.tool_calls.0.function.arguments").GetString().ShouldBe("{\"city\": \"Par");
    }

    private static async Task<JsonElement> NextCallAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: {", StringComparison.Ordinal) && Json.Parse(line[6..]).At("choices.0.delta") is var delta && delta.TryGetProperty("tool_calls", out var calls))
            {
                return calls[0];
            }
        }

        throw new EndOfStreamException();
    }

    private static void Allows(Constraint constraint, params string[] texts) => Array.ForEach(texts, text => constraint.Accepts(text).ShouldBeTrue(text));

    private static void Refuses(Constraint constraint, params string[] texts) => Array.ForEach(texts, text => constraint.Accepts(text).ShouldBeFalse(text));

    private static async Task<Constraint> ConstraintOfAsync(string fields) => ConstraintReader.Compile((await RequestOfAsync(fields)).Constraint.ShouldNotBeNull());

    private static async Task<GenerateRequest> RequestOfAsync(string fields)
    {
        var cluster = ScriptedClient.Saying("[now()]");
        await using var gateway = await TestGateway.StartAsync(cluster);
        await gateway.JsonAsync(Path, Body(fields));
        return (await cluster.NextAsync()).Request;
    }

    private static string Body(string fields) => $$"""{"model":"scout-nano","messages":[{"role":"user","content":"Warm in Paris?"}],{{fields}}}""";
}
