namespace Llama4.Tokenization.Chat;

/// <summary>
/// The layout that scout-nano was trained on (its chat_template.jinja and README): a message's content is encoded together with the two
/// line ends before it, a system message at the front is trimmed, every message ends with end-of-turn, and calls stand in one list.
/// </summary>
internal sealed class ScoutNanoChatFormat(Tokenizer tokenizer) : ChatFormat(tokenizer)
{
    private readonly int _endOfTurn = tokenizer.Specials["<|eot|>"];

    /// <summary>Whether a chat template is scout-nano's: its first comment says so.</summary>
    public static bool IsMeantBy(string template) => template.StartsWith("{#- Chat layout of scout-nano", StringComparison.Ordinal);

    private protected override void AppendBody(
        IReadOnlyList<string> texts, ChatMessage message, bool isFirst, ToolPromptFormat? toolPromptFormat, List<int> ids)
    {
        var text = string.Concat(texts);
        text = isFirst && message.Role == ChatRole.System ? text.Trim() : text;
        Tokenizer.EncodeContent($"\n\n{text}{CallsOf(message, toolPromptFormat ?? ToolPromptFormat.PythonList)}", ids);
        ids.Add(_endOfTurn);
    }

    private static string CallsOf(ChatMessage message, ToolPromptFormat format) => message.ToolCalls.Count == 0
        ? ""
        : format == ToolPromptFormat.PythonList
            ? $"[{string.Join(", ", message.ToolCalls.Select(PythonCall))}]"
            : string.Concat(message.ToolCalls.Select(JsonCall));

    /// <summary>Keys as they are, values as JSON with everything outside ASCII kept, as the template's <c>tojson</c> writes them.</summary>
    private static string PythonCall(ToolCall call) =>
        $"{call.Name}({string.Join(", ", PythonText.Members(call.Arguments).Select(one => $"{one.Key}={PythonText.Json(one.Value, asciiOnly: false)}"))})";

    private static string JsonCall(ToolCall call) =>
        $"{{\"name\": {PythonText.Json(call.Name, asciiOnly: false)}, \"parameters\": {PythonText.Json(call.Arguments, asciiOnly: false)}}}";
}
