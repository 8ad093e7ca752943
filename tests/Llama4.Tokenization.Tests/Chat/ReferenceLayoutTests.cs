using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

public sealed class ReferenceLayoutTests
{
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;
    private static readonly ChatFormat Format = ChatFormat.Load(Llama4);

    [Fact]
    public void Render_WhenDialogIsGolden_GivesTheReferencesIds()
    {
        var checkedDialogs = 0;
        foreach (var line in GoldenLines.Read<DialogCase>("chat", "meta.jsonl"))
        {
            checkedDialogs++;
            var messages = ChatMessageReader.Read(line.Messages).WithSizes(line.Images ?? []);
            var ids = Format.Render(messages, line.AddGenerationPrompt, FormatOf(line.ToolPromptFormat));
            ids.ShouldBe(line.Ids, line.Text);
            Regex.Replace(Llama4.Decode(ids), @"(<\|patch\|>){144}", "<|patch|>*144").ShouldBe(line.Text);
        }

        checkedDialogs.ShouldBe(135);
    }

    [Fact]
    public void Render_WhenDialectIsJsonAndNoToolsAreThere_IsTheReferencesToo()
    {
        ChatMessage[] dialog = [new(ChatRole.System, " s "), new(ChatRole.User, "\nx")];
        new ChatFormat(Llama4, ChatDialect.Json).Render(dialog, addGenerationPrompt: true).ShouldBe(Format.Render(dialog, addGenerationPrompt: true));
    }

    [Fact]
    public void Render_WhenAnImageHasNoLayout_SaysWhere()
    {
        var error = Should.Throw<ChatRequestException>(() => Format.Render(
            [new ChatMessage(ChatRole.System, "x"), new ChatMessage(ChatRole.User, [new TextPart("y"), new ImagePart("data:,")])], addGenerationPrompt: true));
        error.Param.ShouldBe("messages[1].content[1]");
    }

    [Fact]
    public void Load_WhenTheVocabularyLacksATokenOfTheFormat_NamesIt() =>
        Should.Throw<KeyNotFoundException>(() => ChatFormat.Load(TokenizerLoader.Load(Golden.Path("tokenizer", "small-hf", "plain-merges"))))
            .Message.ShouldContain("<|eom|>");

    private static ToolPromptFormat? FormatOf(string? name) => name switch
    {
        null => null,
        "python_list" => ToolPromptFormat.PythonList,
        "function_tag" => ToolPromptFormat.FunctionTag,
        _ => throw new ArgumentException(name),
    };

    internal sealed record DialogCase(
        JsonElement Messages, ImageSize[]? Images, bool AddGenerationPrompt, string? ToolPromptFormat, int[] Ids, string Text);
}
