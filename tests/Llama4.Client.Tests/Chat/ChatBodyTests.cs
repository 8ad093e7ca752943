using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.Client.Chat;
using Microsoft.Extensions.AI;

namespace Llama4.Client.Tests.Chat;

public class ChatBodyTests
{
    [Fact]
    public void Options_AreWrittenInOpenAiForm() => Body(new ChatOptions
    {
        ModelId = "other",
        Instructions = "Be brief.",
        Temperature = 0.7f,
        TopP = 0.9f,
        TopK = 40,
        FrequencyPenalty = 0.1f,
        PresencePenalty = -0.5f,
        MaxOutputTokens = 12,
        Seed = -3,
        StopSequences = ["a", "b"],
        AdditionalProperties = new() { ["min_p"] = 0.05, ["guided_choice"] = new[] { "yes", "no" } },
    }).ShouldBe(
        """
        {"model":"other","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello."}],"seed":-3,"temperature":0.7,"top_p":0.9,"top_k":40,
        "frequency_penalty":0.1,"presence_penalty":-0.5,"max_completion_tokens":12,"stop":["a","b"],"min_p":0.05,"guided_choice":["yes","no"]}
        """.ReplaceLineEndings(""));

    [Theory]
    [InlineData(1e30f, "1E+30")]
    [InlineData(1e-30f, "1E-30")]
    [InlineData(0.1f, "0.1")]
    [InlineData(-0f, "-0")]
    public void Numbers_OfAnySize_AreWrittenAsMeant(float value, string text) => Member("temperature", new ChatOptions { Temperature = value }).ShouldBe(text);

    [Fact]
    public void Options_ThatSaySoLittle_AreNotWritten() =>
        Body(new ChatOptions()).ShouldBe("""{"model":"m","messages":[{"role":"user","content":"Hello."}],"seed":9}""");

    [Fact]
    public void Formats_AreWritten()
    {
        using var schema = JsonDocument.Parse("""{"type":"object"}""");
        Member("response_format", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }).ShouldBe("""{"type":"json_object"}""");
        Member("response_format", new ChatOptions { ResponseFormat = ChatResponseFormat.Text }).ShouldBe("""{"type":"text"}""");
        Member("response_format", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "city", "A city.") }).ShouldBe(
            """{"type":"json_schema","json_schema":{"name":"city","description":"A city.","schema":{"type":"object"},"strict":true}}""");
        Member("response_format", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement), AdditionalProperties = new() { ["strict"] = false } })!.ShouldContain("\"strict\":false");
    }

    [Fact]
    public void Tools_AreWritten()
    {
        var time = AIFunctionFactory.Create((string city) => "noon", "time", "What time it is");
        var body = JsonNode.Parse(Body(new ChatOptions { Tools = [time], ToolMode = ChatToolMode.RequireSpecific("time"), AllowMultipleToolCalls = false }))!;

        var function = body["tools"]![0]!["function"]!;
        function["name"]!.GetValue<string>().ShouldBe("time");
        function["description"]!.GetValue<string>().ShouldBe("What time it is");
        function["parameters"]!["properties"]!["city"]!["type"]!.GetValue<string>().ShouldBe("string");
        body["tool_choice"]!.ToJsonString().ShouldBe("""{"type":"function","function":{"name":"time"}}""");
        body["parallel_tool_calls"]!.GetValue<bool>().ShouldBeFalse();
        Member("tool_choice", new ChatOptions { Tools = [time], ToolMode = ChatToolMode.RequireAny }).ShouldBe("\"required\"");
        Member("tool_choice", new ChatOptions { Tools = [time], ToolMode = ChatToolMode.None }).ShouldBe("\"none\"");
        Member("tool_choice", new ChatOptions { ToolMode = ChatToolMode.Auto }).ShouldBeNull();
    }

    [Fact]
    public void Messages_AreWritten() => Messages(
        new ChatMessage(ChatRole.System, "Be brief."),
        new ChatMessage(ChatRole.User, [new TextContent("What is it?"), new DataContent(new byte[] { 251, 255 }, "image/png"), new UriContent("https://example.com/a.png", "image/png")]) { AuthorName = "Ann" },
        new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("c1", "time", new Dictionary<string, object?> { ["city"] = "Rome", ["n"] = 2 }), new FunctionCallContent("c2", "now")]),
        new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c1", "noon"), new FunctionResultContent("c2", new { hour = 12 })]),
        new ChatMessage(ChatRole.Assistant, "Noon.")).ShouldBe(
        """
        [{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,+/8="}},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}],"name":"Ann"},
        {"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"time","arguments":"{\"city\":\"Rome\",\"n\":2}"}},{"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"noon"},
        {"role":"tool","tool_call_id":"c2","content":"{\"hour\":12}"},
        {"role":"assistant","content":"Noon."}]
        """.ReplaceLineEndings(""));

    [Fact]
    public void Result_ThatIsAnException_IsToldAsOne() =>
        Messages(new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c1", null) { Exception = new InvalidOperationException("no such city") }]))
            .ShouldContain("Error: no such city");

    [Fact]
    public void WhatHasNoForm_IsNamed()
    {
        Should.Throw<NotSupportedException>(() => Messages(new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "audio/wav")]))).Message.ShouldContain("audio/wav");
        Should.Throw<NotSupportedException>(() => Body(new ChatOptions { Tools = [new HostedWebSearchTool()] })).Message.ShouldContain("HostedWebSearchTool");
        Should.Throw<NotSupportedException>(() => Body(new ChatOptions { Temperature = float.NaN })).Message.ShouldContain("Temperature is NaN");
        Should.Throw<NotSupportedException>(() => Body(new ChatOptions { TopP = float.PositiveInfinity })).Message.ShouldContain("TopP");
        Should.Throw<NotSupportedException>(() => Body(new ChatOptions { ConversationId = "7" })).Message.ShouldContain("ConversationId");
        Should.Throw<NotSupportedException>(() => Body(new ChatOptions { AdditionalProperties = new() { ["stream"] = true } })).Message.ShouldContain("'stream'");
    }

    private static string Body(ChatOptions options) => System.Text.Encoding.UTF8.GetString(ChatBody.Of([new ChatMessage(ChatRole.User, "Hello.")], options, "m", 9));

    private static string? Member(string name, ChatOptions options) => JsonNode.Parse(Body(options))![name]?.ToJsonString();

    private static string Messages(params ChatMessage[] messages) =>
        ChatMessages.Of(messages, null).ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
