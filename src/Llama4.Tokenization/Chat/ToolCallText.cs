using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>A tool call as Meta's reference writes it (meta-llama/llama-models a9c89c47, models/llama3/tool_utils.py, encode_tool_call).</summary>
internal static class ToolCallText
{
    public static string Of(ToolCall call, ToolPromptFormat format) => format switch
    {
        ToolPromptFormat.Json =>
            $"{{\"type\": \"function\", \"name\": {PythonText.Json(call.Name)}, \"parameters\": {PythonText.Json(call.Arguments)}}}",
        ToolPromptFormat.PythonList => $"[{call.Name}({Assignments(call.Arguments)})]",
        ToolPromptFormat.FunctionTag => $"<function={call.Name}>{PythonText.Json(call.Arguments)}</function>",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such tool prompt format."),
    };

    private static string Assignments(JsonElement members) =>
        string.Join(", ", PythonText.Members(members).Select(one => $"{one.Key}={Value(one.Value)}"));

    /// <summary>The reference puts strings between double quotes without escaping, and writes objects as {k=v}.</summary>
    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"\"{value.GetString()}\"",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Value))}]",
        JsonValueKind.Object => $"{{{Assignments(value)}}}",
        JsonValueKind.Number => PythonText.Number(value, infinity: "inf"),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => "None",
    };
}
