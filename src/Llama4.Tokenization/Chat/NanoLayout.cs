namespace Llama4.Tokenization.Chat;

/// <summary>
/// The layout that scout-nano was trained on (its chat_template.jinja and README): a message's content is encoded together with the two
/// line ends before it, a system message at the front is trimmed, every message ends with end-of-turn. Definitions stand in the system
/// message and calls are a list, or definitions stand in the first user message and calls are JSON objects.
/// </summary>
internal static class NanoLayout
{
    private const string SystemInstruction =
        "Here is a list of functions in JSON format that you can invoke. Use exact format: [func_name1(param1=value1, param2=value2), func_name2(...)]\n";

    public static void Write(ChatDialog dialog, PromptWriter prompt)
    {
        var tools = dialog.Tools ?? [];
        var isJson = dialog.ToolsInUserMessage ?? dialog.CallsWritten is not (null or ToolPromptFormat.PythonList);
        var (system, others) = dialog.SystemAndOthers();
        if (tools.Count > 0 && !isJson)
        {
            prompt.Opening("system").Parts(system ?? []).Text(system is { Count: > 0 } ? "\n" : "").Text(SystemInstruction);
            prompt.Text(PythonText.IndentedJson(tools.Select(tool => tool.Json))).Special("<|eot|>");
        }
        else if (system is not null)
        {
            prompt.Opening("system").Text(tools.Count > 0 ? "Environment: ipython\n" : "").Parts(system).Special("<|eot|>");
        }

        var toolsToCome = isJson ? tools : [];
        foreach (var message in others)
        {
            prompt.Opening(message.Role.Header());
            if (message.Role == ChatRole.User && toolsToCome.Count > 0)
            {
                JsonLayout.WriteTools(JsonLayout.UserInstruction, toolsToCome, prompt);
                toolsToCome = [];
            }

            if (message.Role == ChatRole.Tool && message.HasParts)
            {
                JsonLayout.WriteResult(message.Content, prompt);
            }
            else
            {
                prompt.Parts(message.Content);
            }

            prompt.Text(message.HasCalls ? Calls(message.ToolCalls!, isJson) : "").Special("<|eot|>");
        }

        prompt.GenerationPrompt(dialog);
    }

    private static string Calls(IReadOnlyList<ToolCall> calls, bool isJson) =>
        isJson ? string.Concat(calls.Select(JsonCall)) : $"[{string.Join(", ", calls.Select(PythonCall))}]";

    /// <summary>Keys as they are, values as JSON with everything outside ASCII kept, as the template's <c>tojson</c> writes them.</summary>
    private static string PythonCall(ToolCall call) =>
        $"{call.Name}({call.Written(arguments => string.Join(", ", PythonText.Members(arguments).Select(one => $"{one.Key}={PythonText.Json(one.Value, asciiOnly: false)}")))})";

    private static string JsonCall(ToolCall call) =>
        $"{{\"name\": {PythonText.Json(call.Name, asciiOnly: false)}, \"parameters\": {call.Written(arguments => PythonText.Json(arguments, asciiOnly: false))}}}";
}
