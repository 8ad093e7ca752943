using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

/// <summary>A call that ended in the middle of its arguments stands in later prompts as it came.</summary>
public sealed class CutCallTests
{
    private const string Arguments = "{\"city\": \"P";
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;

    [Theory]
    [InlineData(ChatDialect.Meta, true, null, "[f({\"city\": \"P)]<|eot|>")]
    [InlineData(ChatDialect.Json, true, null, "<|python_start|><|python_end|>{\"name\": \"f\", \"parameters\": {\"city\": \"P}<|eot|>")]
    [InlineData(ChatDialect.Nano, true, null, "[f({\"city\": \"P)]<|eot|>")]
    [InlineData(ChatDialect.Nano, false, ToolPromptFormat.Json, "{\"name\": \"f\", \"parameters\": {\"city\": \"P}<|eot|>")]
    [InlineData(ChatDialect.Meta, false, null, "{\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"city\": \"P}<|eom|>")]
    [InlineData(ChatDialect.Meta, false, ToolPromptFormat.PythonList, "[f({\"city\": \"P)]<|eom|>")]
    [InlineData(ChatDialect.Meta, false, ToolPromptFormat.FunctionTag, "<function=f>{\"city\": \"P</function><|eom|>")]
    public void Render_WhenArgumentsWereCut_HasThemAsTheyAre(ChatDialect dialect, bool hasTools, ToolPromptFormat? written, string expected)
    {
        var call = new ToolCall("f", JsonSerializer.SerializeToElement(Arguments));
        ChatMessage[] messages = [new(ChatRole.User, "q"), new(ChatRole.Assistant, []) { ToolCalls = [call] }];

        var prompt = new ChatFormat(Llama4, dialect).Render(
            new ChatDialog(messages) { Tools = hasTools ? [] : null, CallsWritten = written, AddsGenerationPrompt = false });

        Llama4.Decode(prompt).ShouldEndWith("assistant<|header_end|>\n\n" + expected);
    }
}
