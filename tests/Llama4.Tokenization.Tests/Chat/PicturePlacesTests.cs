using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

/// <summary>Whoever shows a picture, in whatever dialect, with tools or not: it is in the prompt where it stood, and never left out in silence.</summary>
public sealed class PicturePlacesTests
{
    private const string Picture = "<|image_start|><|image|><|patch|><|patch|><|image_end|>";
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;
    private static readonly ToolDefinition Tool = new("now", JsonSerializer.Deserialize<JsonElement>("""{"function":{"name":"now"}}"""));

    public static TheoryData<ChatRole, ChatDialect, int?, bool> Places()
    {
        var places = new TheoryData<ChatRole, ChatDialect, int?, bool>();
        foreach (var role in Enum.GetValues<ChatRole>())
        {
            foreach (var dialect in Enum.GetValues<ChatDialect>())
            {
                foreach (var tools in (int?[])[null, 0, 1])
                {
                    places.Add(role, dialect, tools, true);
                    places.Add(role, dialect, tools, false);
                }
            }
        }

        return places;
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Render_WhenAnyoneShowsAPicture_HasItWhereItStood(ChatRole role, ChatDialect dialect, int? tools, bool toolsInUserMessage)
    {
        var shown = new ChatMessage(role, [new TextPart("before"), Image(), new TextPart("after")]) { HasParts = true };
        ChatMessage[] messages = role == ChatRole.System
            ? [shown, new ChatMessage(ChatRole.User, "q")]
            : [new ChatMessage(ChatRole.System, "s"), new ChatMessage(ChatRole.User, "q"), shown, shown with { Content = [Image()] }];

        var text = Text(messages, dialect, tools, toolsInUserMessage);

        text.Split(Picture).Length.ShouldBe(role == ChatRole.System ? 2 : 3, text);
        text.IndexOf("before", StringComparison.Ordinal).ShouldBeLessThan(text.IndexOf(Picture, StringComparison.Ordinal), text);
        text.IndexOf("after", StringComparison.Ordinal).ShouldBeGreaterThan(text.IndexOf(Picture, StringComparison.Ordinal), text);
    }

    [Theory]
    [InlineData(ChatDialect.Meta, "\n\n" + Picture + "\nHere is a list")]
    [InlineData(ChatDialect.Nano, "\n\n" + Picture + "\nHere is a list")]
    public void Render_WhenTheSystemShowsAPictureOnly_ListsTheToolsBehindIt(ChatDialect dialect, string expected) =>
        Text([new ChatMessage(ChatRole.System, [new TextPart(" "), Image()]), new ChatMessage(ChatRole.User, "q")], dialect, tools: 1).ShouldContain(expected);

    [Theory]
    [InlineData(ChatDialect.Meta, "\"a\"" + Picture + "<|eot|>")]
    [InlineData(ChatDialect.Json, "[{\"type\": \"text\", \"text\": \"a\"}, " + Picture + "]<|eot|>")]
    [InlineData(ChatDialect.Nano, "[{\"type\": \"text\", \"text\": \"a\"}, " + Picture + "]<|eot|>")]
    public void Render_WhenAResultHasAPicture_WritesItAmongTheDialectsTexts(ChatDialect dialect, string expected) =>
        Text([new ChatMessage(ChatRole.User, "q"), new ChatMessage(ChatRole.Tool, [new TextPart("a"), Image()]) { HasParts = true }], dialect, tools: 1)
            .ShouldEndWith("ipython<|header_end|>\n\n" + expected);

    [Fact]
    public void Render_WhenAResultHasABareMark_NamesItAsTheTemplateDoes() =>
        Text([new ChatMessage(ChatRole.User, "q"), new ChatMessage(ChatRole.Tool, [new ImagePart(null)]) { HasParts = true }], ChatDialect.Json, tools: 1)
            .ShouldEndWith("\n\n[{\"type\": \"image\"}]<|eot|>");

    /// <summary>As the templates do, which take a system message's texts alone, and the pythonic one a result's.</summary>
    [Theory]
    [InlineData(ChatRole.System, ChatDialect.Meta)]
    [InlineData(ChatRole.System, ChatDialect.Json)]
    [InlineData(ChatRole.System, ChatDialect.Nano)]
    [InlineData(ChatRole.Tool, ChatDialect.Meta)]
    public void Render_WhenABareMarkHasNoPlace_PassesOverIt(ChatRole role, ChatDialect dialect)
    {
        var shown = new ChatMessage(role, [new TextPart("a"), new ImagePart(null), new TextPart("b")]) { HasParts = true };
        var without = shown with { Content = [new TextPart("a"), new TextPart("b")] };

        Text([shown, new ChatMessage(ChatRole.User, "q")], dialect, tools: 1).ShouldBe(Text([without, new ChatMessage(ChatRole.User, "q")], dialect, tools: 1));
    }

    [Fact]
    public void Render_WhenTheTemplateLeavesTheMessageOut_NamesThePicture()
    {
        // The template writes nothing of an assistant's message that has an empty list of calls.
        var left = new ChatMessage(ChatRole.Assistant, [new TextPart("x"), Image()]) { HasParts = true, ToolCalls = [] };

        var error = Should.Throw<ChatRequestException>(() => Text([new ChatMessage(ChatRole.User, "q"), left], ChatDialect.Json, tools: 0));

        error.Param.ShouldBe("messages[1].content[1]");
        error.Message.ShouldBe("messages[1].content[1] is a picture, and the chat dialect json has no place for one there.");
    }

    private static ImagePart Image() => new("data:,x") { Layout = new ImageLayout(1, 1, 2) };

    private static string Text(IReadOnlyList<ChatMessage> messages, ChatDialect dialect, int? tools, bool? toolsInUserMessage = null) =>
        Llama4.Decode(new ChatFormat(Llama4, dialect).Render(new ChatDialog(messages)
        {
            Tools = tools is { } count ? [.. Enumerable.Repeat(Tool, count)] : null,
            ToolsInUserMessage = toolsInUserMessage,
            AddsGenerationPrompt = false,
        }));
}
