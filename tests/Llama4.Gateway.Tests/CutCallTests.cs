using Llama4.Contracts;
using Llama4.Gateway.Tests.Responses;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

/// <summary>A call that max_tokens or a stop string cut: it is not said to be whole, and the dialog goes on with what the client got, sent back as it is.</summary>
public class CutCallTests
{
    private const string Parameters = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""";
    private const string ChatTools = $$$""" "tools":[{"type":"function","function":{"name":"get_weather","parameters":{{{Parameters}}}}}] """;
    private const string ResponseTools = $$""" "tools":[{"type":"function","name":"get_weather","parameters":{{Parameters}}}] """;
    private const string Question = """{"role":"user","content":"Warm in Paris?"}""";
    private const string More = """{"role":"user","content":"Go on."}""";

    [Theory]
    [InlineData(ChatTools, "[get_weather({\"city\": \"P)]<|eot|>")]
    [InlineData(""" "n":1 """, "[get_weather({\"city\": \"P)]<|eot|>")]
    [InlineData(ChatTools + ""","chat_template_kwargs":{"tools_in_user_message":true}""", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"P}<|eot|>")]
    public async Task Chat_GoesOnAfterIt(string fields, string expected)
    {
        var cluster = Cut();
        await using var gateway = await TestGateway.StartAsync(cluster);
        var answer = await gateway.JsonAsync(
            "/v1/chat/completions", $$"""{"model":"scout-nano","messages":[{{Question}}],{{ChatTools}},"tool_choice":"required"}""");
        answer.At("choices.0.finish_reason").GetString().ShouldBe("length");
        await cluster.NextAsync();

        await gateway.JsonAsync(
            "/v1/chat/completions", $$"""{"model":"scout-nano","messages":[{{Question}},{{answer.At("choices.0.message").GetRawText()}},{{More}}],{{fields}}}""");

        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldContain(expected);
    }

    [Fact]
    public async Task Responses_GoOnAfterIt()
    {
        var cluster = Cut();
        await using var gateway = await TestGateway.StartAsync(cluster);
        var answer = await gateway.JsonAsync("/v1/responses", $$"""{"model":"scout-nano","input":[{{Question}}],{{ResponseTools}},"tool_choice":"required"}""");
        answer.At("status").GetString().ShouldBe("incomplete");
        await cluster.NextAsync();

        await gateway.JsonAsync("/v1/responses", $$"""{"model":"scout-nano","input":[{{Question}},{{answer.At("output.0").GetRawText()}},{{More}}],{{ResponseTools}}}""");

        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldContain("[get_weather({\"city\": \"P)]<|eot|>");
    }

    [Theory]
    [InlineData("\"stop\":\" City\"", "stop", "{\"city\": \"Mexico")]
    [InlineData("\"stop\":\"]\"", "tool_calls", "{\"city\": \"Mexico City\"}")]
    [InlineData("\"stop\":\" CITY\"", "tool_calls", "{\"city\": \"Mexico City\"}")]
    public async Task Finish_IsToolCallsWhereTheCallIsWhole(string stop, string finish, string arguments)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[get_weather(city=\"Mexico City\")]"));
        var body = $$"""{"model":"scout-nano","messages":[{{Question}}],{{ChatTools}},"tool_choice":"required",{{stop}}}""";

        var answer = await gateway.JsonAsync("/v1/chat/completions", body);
        using var stream = await gateway.PostAsync("/v1/chat/completions", body[..^1] + ",\"stream\":true}", stream: true);

        answer.At("choices.0.finish_reason").GetString().ShouldBe(finish);
        answer.At("choices.0.message.tool_calls.0.function.arguments").GetString().ShouldBe(arguments);
        (await stream.Content.ReadAsStringAsync()).ShouldContain($"\"finish_reason\":\"{finish}\"");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Responses_SayThatACallCutByAStopStringIsIncomplete(bool stream)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[get_weather(city=\"Mexico City\")]"));
        var body = $$"""{"model":"scout-nano","input":[{{Question}}],{{ResponseTools}},"tool_choice":"required","stop":" City"}""";

        var response = await gateway.ResponseAsync(body, stream);

        response.At("status").GetString().ShouldBe("completed");
        response.At("output.0.status").GetString().ShouldBe("incomplete");
        response.At("output.0.arguments").GetString().ShouldBe("{\"city\": \"Mexico");
    }

    private static ScriptedClient Cut() => new(generation =>
    {
        generation.Text("[get_weather(city=\"P");
        generation.End(FinishReason.Length);
    });
}
