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
        var dialectOption = new ChatDialectOption(
            "--dialect", "Lay dialogs out as the chat template of this dialect does, tools or not. Without it: as the chat endpoint does, which needs tools for that.", ChatDialectOption.Name);
        var command = new Command("render", """JSON lines {"messages":[…]} in OpenAI's form to prompts {"ids":[…],"text":…}, or {"error":…} where the dialect has no such prompt.""") { tokenizerOption, dialectOption.Option };
        command.SetAction((parsed, cancellation) =>
        {
            var path = parsed.GetRequiredValue(tokenizerOption);
            var tokenizer = TokenizerLoader.Load(path);
            var dialect = dialectOption.Read(parsed);
            var format = ChatFormat.Load(tokenizer, path, dialect, terminal.Warn);
            var images = RenderedImages.Of(path);
            return JsonLines.MapAsync(
                terminal,
                (line, answer) =>
                {
                    var ids = Render(format, Dialog(line, images, asTemplate: dialect is not null));
                    answer.WriteIds("ids", ids);
                    answer.WriteString("text", tokenizer.Decode(ids));
                },
                cancellation);
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            """echo '{"messages":[{"role":"user","content":"Hello"}],"add_generation_prompt":true}' | llama4 render --tokenizer DIR""",
            """echo '{"messages":[{"role":"user","content":[{"type":"image"},{"type":"text","text":"What is it?"}]}],"images":[{"width":640,"height":480}]}' | llama4 render --tokenizer DIR""",
            """echo '{"messages":[{"role":"user","content":"Warm in Oslo?"}],"tools":[{"type":"function","function":{"name":"get_weather"}}]}' | llama4 render --tokenizer DIR --dialect json""");
    }

    private static int[] Render(ChatFormat format, ChatDialog dialog)
    {
        try
        {
            return format.Render(dialog);
        }
        catch (ChatRequestException refused)
        {
            throw new LineRefusedException(refused.Message);
        }
    }

    private static ChatDialog Dialog(JsonElement line, RenderedImages images, bool asTemplate)
    {
        var messages = ChatMessageReader.Read(line.Member("messages"), asForTemplates: true);
        var callsWritten = CallsWritten(line);
        return new ChatDialog(line.TryGetProperty("images", out var sizes) ? images.LayOut(messages, sizes) : messages)
        {
            Tools = Tools(line, asTemplate: asTemplate && callsWritten is null),
            AddsGenerationPrompt = Flag(line, "add_generation_prompt") ?? true,
            ToolsInUserMessage = TemplateFlag(line, "tools_in_user_message"),
            CallsWritten = callsWritten,
        };
    }

    /// <summary>A line that speaks of tools, be it to say that there are none, is laid out as one with tools.</summary>
    private static IReadOnlyList<ToolDefinition>? Tools(JsonElement line, bool asTemplate) =>
        !line.TryGetProperty("tools", out var tools) ? (asTemplate ? [] : null)
        : tools.ValueKind == JsonValueKind.Null ? []
        : ToolDefinitionReader.Read(tools);

    /// <summary>A setting of the template: under <c>"template_kwargs"</c>, or vLLM's <c>"chat_template_kwargs"</c>.</summary>
    private static bool? TemplateFlag(JsonElement line, string name)
    {
        foreach (var place in (string[])["template_kwargs", "chat_template_kwargs"])
        {
            if (line.TryGetProperty(place, out var settings) && settings.ValueKind == JsonValueKind.Object && Flag(settings, name) is { } flag)
            {
                return flag;
            }
        }

        return null;
    }

    private static bool? Flag(JsonElement line, string name) => !line.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new InvalidDataException($"\"{name}\": expected true or false, found {value.GetRawText()}"),
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
