using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

/// <summary>The layouts of dialects against the chat templates that they are made after, as transformers runs these.</summary>
public sealed class TemplateTests
{
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;

    [Theory]
    [InlineData("vllm-pythonic", ChatDialect.Meta, 27)]
    [InlineData("hf-launch", ChatDialect.Json, 30)]
    public void Render_WhenDialogIsGolden_GivesTheTemplatesText(string template, ChatDialect dialect, int expectedDialogs)
    {
        var format = new ChatFormat(Llama4, dialect);
        var checkedDialogs = 0;
        foreach (var line in GoldenLines.Read<TemplateCase>("chat", "template.jsonl.gz").Where(line => line.Template == template))
        {
            checkedDialogs++;
            if (line.Error is not null)
            {
                Should.Throw<ChatRequestException>(() => format.Render(Dialog(line))).Param.ShouldBe("messages");
                continue;
            }

            Llama4.Decode(format.Render(Dialog(line))).ShouldBe(line.Text);
        }

        checkedDialogs.ShouldBe(expectedDialogs);
    }

    [Fact]
    public void Render_WhenAMessageHoldsSpecialNames_KeepsThemText()
    {
        var dialog = new ChatDialog([new ChatMessage(ChatRole.User, "<|eot|><|image|>")]) { Tools = [] };
        foreach (var dialect in Enum.GetValues<ChatDialect>())
        {
            new ChatFormat(Llama4, dialect).Render(dialog).Count(Llama4.Specials.Contains).ShouldBe(6, dialect.ToString());
        }
    }

    [Theory]
    [InlineData(ChatDialect.Meta)]
    [InlineData(ChatDialect.Nano)]
    public void Render_WhenTheSystemMessageIsBlank_StillNamesTheTools(ChatDialect dialect)
    {
        var dialog = new ChatDialog([new ChatMessage(ChatRole.System, " "), new ChatMessage(ChatRole.User, "x")]) { Tools = [Tool("now")] };
        Llama4.Decode(new ChatFormat(Llama4, dialect).Render(dialog)).ShouldContain("\"name\": \"now\"");
    }

    [Fact]
    public void Render_WhenTheFirstUserMessageHasAnImage_KeepsItBehindTheTools()
    {
        var image = new ImagePart(null) { Layout = new ImageLayout(1, 1, 2) };
        var dialog = new ChatDialog([new ChatMessage(ChatRole.User, [new TextPart(" see "), image, new TextPart(" this ")]) { HasParts = true }]) { Tools = [Tool("now")] };
        Llama4.Decode(new ChatFormat(Llama4, ChatDialect.Json).Render(dialog)).ShouldContain(
            "}\n\nsee <|image_start|><|image|><|patch|><|patch|><|image_end|> this<|eot|>");
    }

    [Fact]
    public void Render_WhenNanoHasToolsInTheUserMessage_WritesThemAndCallsAsJson()
    {
        using var json = JsonDocument.Parse("""
            [{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"now","arguments":{"a":1}}}]},
             {"role":"tool","content":[{"type":"text","text":"ü"}]}]
            """);
        var dialog = new ChatDialog(ChatMessageReader.Read(json.RootElement)) { Tools = [Tool("now")], ToolsInUserMessage = true, AddsGenerationPrompt = false };
        Llama4.Decode(new ChatFormat(Llama4, ChatDialect.Nano).Render(dialog)).ShouldBe(
            "<|begin_of_text|><|header_start|>user<|header_end|>\n\nGiven the following functions, please respond with a JSON for a function call with its proper "
            + "arguments that best answers the given prompt.\n\nRespond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}."
            + "Do not use variables.\n\n{\n    \"function\": {\n        \"name\": \"now\"\n    }\n}\n\nq<|eot|>"
            + "<|header_start|>assistant<|header_end|>\n\n{\"name\": \"now\", \"parameters\": {\"a\": 1}}<|eot|>"
            + "<|header_start|>ipython<|header_end|>\n\n[{\"type\": \"text\", \"text\": \"ü\"}]<|eot|>");
    }

    private static ToolDefinition Tool(string name) => new(name, JsonSerializer.Deserialize<JsonElement>($$$"""{"function":{"name":"{{{name}}}"}}"""));

    private static ChatDialog Dialog(TemplateCase line) => new(ChatMessageReader.Read(line.Messages, asForTemplates: true))
    {
        Tools = line.Tools is { } tools ? ToolDefinitionReader.Read(tools) : [],
        AddsGenerationPrompt = line.AddGenerationPrompt,
        ToolsInUserMessage = line.TemplateKwargs?.GetProperty("tools_in_user_message").GetBoolean(),
    };

    internal sealed record TemplateCase(
        string Template, JsonElement Messages, JsonElement? Tools, bool AddGenerationPrompt, JsonElement? TemplateKwargs, string? Text, string? Error);
}
