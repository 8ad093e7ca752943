using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class ChatMessageReaderTests
{
    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""[1]""", "messages[0]")]
    [InlineData("""[{"content":"x"}]""", "messages[0].role")]
    [InlineData("""[{"role":"boss","content":"x"}]""", "messages[0].role")]
    [InlineData("""[{"role":7,"content":"x"}]""", "messages[0].role")]
    [InlineData("""[{"role":"user","content":"x"},{"role":"user"}]""", "messages[1].content")]
    [InlineData("""[{"role":"user","content":null}]""", "messages[0].content")]
    [InlineData("""[{"role":"user","content":5}]""", "messages[0].content")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"x"},{"text":"x"}]}]""", "messages[0].content[1].type")]
    [InlineData("""[{"role":"user","content":["x"]}]""", "messages[0].content[0].type")]
    [InlineData("""[{"role":"user","content":[{"type":"text"}]}]""", "messages[0].content[0].text")]
    [InlineData("""[{"role":"user","content":[{"type":"input_audio"}]}]""", "messages[0].content[0].type")]
    [InlineData("""[{"role":"user","content":[{"type":"image_url","image_url":5}]}]""", "messages[0].content[0].image_url.url")]
    [InlineData("""[{"role":"user","content":"\ud800"}]""", "messages[0].content")]
    [InlineData("""[{"role":"user","content":[{"type":"refusal","refusal":"No."}]}]""", "messages[0].content[0].type")]
    [InlineData("""[{"role":"user","content":"x","tool_calls":[]}]""", "messages[0].tool_calls")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"arguments":"{}"}}]}]""", "messages[0].tool_calls[0].function.name")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"oops"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[1]"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":[{\"b\":\"\\ud800\"}]}"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"\\udc00\":1}"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":"\ud800"}}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    public void Read_WhenMessagesAreWrong_SaysWhere(string messages, string param) =>
        Should.Throw<ChatRequestException>(() => Read(messages)).Param.ShouldBe(param);

    [Fact]
    public void Read_WhenMessagesAreInOpenAisForm_GivesThem()
    {
        var messages = Read("""
            [{"role":"developer","content":"be brief","name":"a"},
             {"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:,x","detail":"low"}},{"type":"image_url","image_url":"data:,y"}]},
             {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":""}}]},
             {"role":"assistant","content":"","stop_reason":"end_of_message"},
             {"role":"tool","tool_call_id":"1","content":"ok"}]
            """);

        messages.Select(message => message.Role).ShouldBe([ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Assistant, ChatRole.Tool]);
        messages[1].Content.ShouldBe([new TextPart("look"), new ImagePart("data:,x"), new ImagePart("data:,y")]);
        messages[2].Content.ShouldBeEmpty();
        messages[2].ToolCalls.ShouldNotBeNull().Single().Arguments.GetRawText().ShouldBe("{}");
        messages.Select(message => message.EndsMessageOnly).ShouldBe([false, false, false, true, false]);
    }

    /// <summary>In both of OpenAI's forms: of an answer, and as a part of what is sent back.</summary>
    [Theory]
    [InlineData("""{"role":"assistant","content":null,"refusal":"No."}""")]
    [InlineData("""{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}""")]
    public void Read_WhenAnAssistantRefused_TakesItAsWhatItSaid(string message) =>
        Read($"[{message}]").Single().Content.ShouldBe([new TextPart("No.")]);

    /// <summary>A call that max_tokens cut, as a client sends it back.</summary>
    [Theory]
    [InlineData("{\"city\": \"P")]
    [InlineData("{")]
    [InlineData("{\"city\": \"Paris\"} and")]
    public void Read_WhenArgumentsAreNoJson_KeepsThemAsTheyAre(string arguments)
    {
        var call = new { function = new { name = "f", arguments } };
        var read = Read(JsonSerializer.Serialize(new[] { new { role = "assistant", tool_calls = new[] { call } } }))[0].ToolCalls.ShouldNotBeNull().Single();

        read.Arguments.ValueKind.ShouldBe(JsonValueKind.String);
        read.ArgumentsText.ShouldBe(arguments);
    }

    [Fact]
    public void Read_OfMessagesAsTemplatesAreGivenThem_TakesBareImagesAndKeepsEmptyLists()
    {
        const string Messages = """[{"role":"user","content":[{"type":"image"}]},{"role":"assistant","content":"x","tool_calls":[]},{"role":"ipython","content":"y"}]""";
        var messages = ChatMessageReader.Read(JsonSerializer.Deserialize<JsonElement>(Messages), asForTemplates: true);

        messages[0].Content.ShouldBe([new ImagePart(null)]);
        messages[0].HasParts.ShouldBeTrue();
        messages[1].ToolCalls.ShouldBeEmpty();
        messages[2].Role.ShouldBe(ChatRole.Tool);
        Should.Throw<ChatRequestException>(() => Read(Messages)).Param.ShouldBe("messages[0].content[0].type");
        Read("""[{"role":"assistant","content":"x","tool_calls":[]}]""")[0].ToolCalls.ShouldBeNull();
    }

    private static IReadOnlyList<ChatMessage> Read(string messages) => ChatMessageReader.Read(JsonSerializer.Deserialize<JsonElement>(messages));
}
