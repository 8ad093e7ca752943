using System.CommandLine;
using System.Text.Json;
using Llama4.Server.Output;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 render</c>: dialogs to prompt ids, as the chat endpoint makes them.</summary>
internal static class RenderVerb
{
    public static Verb Create(Terminal terminal)
    {
        var tokenizerOption = TokenizerOption.Create();
        var command = new Command("render", """JSON lines {"messages":[…]} in OpenAI's form to prompts {"ids":[…],"text":…}.""") { tokenizerOption };
        command.SetAction((parsed, cancellation) =>
        {
            var path = parsed.GetRequiredValue(tokenizerOption);
            var tokenizer = TokenizerLoader.Load(path);
            var format = ChatFormat.Load(tokenizer, path);
            return JsonLines.MapAsync(
                terminal,
                (line, answer) =>
                {
                    var ids = format.Render(ChatMessageReader.Read(line.Member("messages")), AddsGenerationPrompt(line), CallsWritten(line));
                    answer.WriteIds("ids", ids);
                    answer.WriteString("text", tokenizer.Decode(ids));
                },
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"messages":[{"role":"user","content":"Hello"}],"add_generation_prompt":true}' | llama4 render --tokenizer DIR""");
    }

    /// <summary>Without the member the assistant's header follows, as for a chat completion.</summary>
    private static bool AddsGenerationPrompt(JsonElement line) => !line.TryGetProperty("add_generation_prompt", out var value) || value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new InvalidDataException($"\"add_generation_prompt\": expected true or false, found {value.GetRawText()}"),
    };

    /// <summary><c>"tool_prompt_format"</c>, in the words of Meta's code; without it calls are written as the model was trained.</summary>
    private static ToolPromptFormat? CallsWritten(JsonElement line) => !line.TryGetProperty("tool_prompt_format", out _) ? null : line.Text("tool_prompt_format") switch
    {
        "json" => ToolPromptFormat.Json,
        "python_list" => ToolPromptFormat.PythonList,
        "function_tag" => ToolPromptFormat.FunctionTag,
        var other => throw new InvalidDataException($"\"tool_prompt_format\": expected json, python_list or function_tag, found \"{other}\""),
    };
}
