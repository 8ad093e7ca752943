using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>
/// The layout of dialogs with tools in the JSON dialect: the template that transformers carries (huggingface/transformers 5.23,
/// models/llama4/processing_llama4.py), its oddities included: the first message after the system's becomes the user's, an assistant's
/// message with an empty list of calls is left out, and results are JSON even where they are plain text.
/// </summary>
internal static class JsonLayout
{
    private const string Format = """Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.""";

    /// <summary>What stands before the definitions in a user message; scout-nano's layout has it too.</summary>
    public const string UserInstruction =
        "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n"
        + Format + "\n\n";

    private const string SystemInstruction =
        "You have access to the following functions. To call a function, please respond with JSON for a function call." + Format + "\n\n";

    public static void Write(ChatDialog dialog, IReadOnlyList<ToolDefinition> tools, PromptWriter prompt)
    {
        var inUserMessage = tools.Count > 0 && (dialog.ToolsInUserMessage ?? true);
        var (system, others) = dialog.SystemAndOthers();
        if (system is not null)
        {
            prompt.Opening("system").Text(tools.Count > 0 ? "Environment: ipython\n" : "");
            WriteTools(tools.Count > 0 && !inUserMessage ? SystemInstruction : "", inUserMessage ? [] : tools, prompt);
            prompt.Parts(system).Special("<|eot|>");
        }

        var rest = others.ToArray();
        if (inUserMessage)
        {
            if (rest.Length == 0)
            {
                throw new ChatRequestException("Tools are written into the first user message, and there is none.", "messages");
            }

            prompt.Opening("user");
            WriteTools(UserInstruction, tools, prompt);
            prompt.Parts(LayoutParts.Trimmed(rest[0].Content)).Special("<|eot|>");
        }

        foreach (var message in rest.Skip(inUserMessage ? 1 : 0))
        {
            WriteMessage(message, prompt);
        }

        prompt.GenerationPrompt(dialog);
    }

    /// <summary>An instruction, and every definition with an empty line after it.</summary>
    public static void WriteTools(string instruction, IReadOnlyList<ToolDefinition> tools, PromptWriter prompt)
    {
        prompt.Text(instruction);
        foreach (var tool in tools)
        {
            prompt.Text(PythonText.IndentedJson(tool.Json)).Text("\n\n");
        }
    }

    /// <summary>
    /// The parts of a result as JSON, the list that was given. A picture stands where the template names it <c>{"type": "image"}</c>, which
    /// is all that is written of the bare mark of one.
    /// </summary>
    public static void WriteResult(IReadOnlyList<ContentPart> parts, PromptWriter prompt)
    {
        foreach (var (i, part) in parts.Index())
        {
            prompt.Text(i == 0 ? "[" : ", ");
            _ = part switch
            {
                TextPart text => prompt.Text($"{{\"type\": \"text\", \"text\": {PythonText.Json(text.Text, asciiOnly: false)}}}"),
                ImagePart { Layout: null } => prompt.Text("""{"type": "image"}"""),
                _ => prompt.Part(part),
            };
        }

        prompt.Text(parts.Count == 0 ? "[]" : "]");
    }

    private static void WriteMessage(ChatMessage message, PromptWriter prompt)
    {
        if (message.HasCalls)
        {
            prompt.Opening("assistant").Special("<|python_start|>").Parts(message.Content).Special("<|python_end|>");
            foreach (var call in message.ToolCalls!)
            {
                prompt.Text($"{{\"name\": \"{call.Name}\", \"parameters\": {call.Written(arguments => PythonText.Json(arguments, asciiOnly: false))}}}");
            }
        }
        else if (message.ToolCalls is not null)
        {
            return;
        }
        else if (message.Role == ChatRole.Tool)
        {
            prompt.Opening("ipython");
            if (!message.HasParts && message.Content.All(part => part is TextPart))
            {
                prompt.Text(PythonText.Json(string.Concat(message.Content.OfType<TextPart>().Select(part => part.Text)), asciiOnly: false));
            }
            else
            {
                WriteResult(message.Content, prompt);
            }
        }
        else
        {
            prompt.Opening(message.Role.Header()).Parts(message.Content);
        }

        prompt.Special("<|eot|>");
    }
}
