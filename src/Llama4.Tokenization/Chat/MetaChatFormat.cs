namespace Llama4.Tokenization.Chat;

/// <summary>
/// The format of Meta's reference (meta-llama/llama-models a9c89c47, models/llama4/chat_format.py): the two line ends, every part and
/// every call are encoded each on its own, so nothing merges across them, and content is never trimmed.
/// </summary>
internal sealed class MetaChatFormat(Tokenizer tokenizer) : ChatFormat(tokenizer)
{
    private readonly int _endOfTurn = tokenizer.Specials["<|eot|>"];
    private readonly int _endOfMessage = tokenizer.Specials["<|eom|>"];

    private protected override void AppendBody(
        IReadOnlyList<string> texts, ChatMessage message, bool isFirst, ToolPromptFormat? toolPromptFormat, List<int> ids)
    {
        Tokenizer.EncodeContent("\n\n", ids);
        foreach (var text in texts)
        {
            Tokenizer.EncodeContent(text, ids);
        }

        foreach (var call in message.ToolCalls)
        {
            Tokenizer.EncodeContent(ToolCallText.Of(call, toolPromptFormat ?? ToolPromptFormat.Json), ids);
        }

        var turnGoesOn = message.Role == ChatRole.Tool || message.ToolCalls.Count > 0 || message.EndsMessageOnly;
        ids.Add(turnGoesOn ? _endOfMessage : _endOfTurn);
    }
}
