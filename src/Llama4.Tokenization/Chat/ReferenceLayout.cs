using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>
/// The layout of Meta's reference (meta-llama/llama-models a9c89c47, models/llama4/chat_format.py): the two line ends, every part and
/// every call are encoded each on its own, so nothing merges across them; content is never trimmed, and nothing is put in that the dialog
/// does not hold.
/// </summary>
internal static class ReferenceLayout
{
    public static void Write(ChatDialog dialog, PromptWriter prompt)
    {
        foreach (var message in dialog.Messages)
        {
            prompt.Opening(message.Role.Header()).Break();
            foreach (var part in message.Content)
            {
                prompt.Part(part).Break();
            }

            foreach (var call in message.ToolCalls ?? [])
            {
                prompt.Text(Call(call, dialog.CallsWritten ?? ToolPromptFormat.Json)).Break();
            }

            var turnGoesOn = message.Role == ChatRole.Tool || message.HasCalls || message.EndsMessageOnly;
            prompt.Special(turnGoesOn ? "<|eom|>" : "<|eot|>");
        }

        prompt.GenerationPrompt(dialog);
    }

    /// <summary>A call as the reference writes it (models/llama3/tool_utils.py, encode_tool_call).</summary>
    private static string Call(ToolCall call, ToolPromptFormat format) => format switch
    {
        ToolPromptFormat.Json =>
            $"{{\"type\": \"function\", \"name\": {PythonText.Json(call.Name)}, \"parameters\": {call.Written(Json)}}}",
        ToolPromptFormat.PythonList => $"[{call.Name}({call.Written(Unescaped.Assignments)})]",
        ToolPromptFormat.FunctionTag => $"<function={call.Name}>{call.Written(Json)}</function>",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such tool prompt format."),
    };

    private static string Json(JsonElement value) => PythonText.Json(value);
}
