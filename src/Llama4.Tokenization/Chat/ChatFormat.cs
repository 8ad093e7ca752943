namespace Llama4.Tokenization.Chat;

/// <summary>
/// Turns a dialog into prompt ids. The special tokens are put in as ids and every text is encoded as text, so that special names in a
/// message cannot end it. Nothing is inserted that the dialog does not hold.
/// </summary>
public abstract class ChatFormat
{
    private readonly Dictionary<ChatRole, int[]> _headers;
    private readonly int _bos;

    private protected ChatFormat(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        _bos = tokenizer.Specials["<|begin_of_text|>"];
        _headers = new Dictionary<ChatRole, int[]>
        {
            [ChatRole.System] = Header("system"),
            [ChatRole.User] = Header("user"),
            [ChatRole.Assistant] = Header("assistant"),
            [ChatRole.Tool] = Header("ipython"),
        };
    }

    private protected Tokenizer Tokenizer { get; }

    /// <summary>The format of a checkpoint: Meta's, but for scout-nano, which was trained on a layout that differs a little.</summary>
    /// <param name="tokenizer">The checkpoint's.</param>
    /// <param name="fileOrDirectory">Where the tokenizer came from. A chat_template.jinja there is recognised by its text, never executed.</param>
    /// <exception cref="KeyNotFoundException">The vocabulary lacks a special token of the format.</exception>
    public static ChatFormat Load(Tokenizer tokenizer, string? fileOrDirectory = null)
    {
        var folder = Directory.Exists(fileOrDirectory) ? fileOrDirectory : Path.GetDirectoryName(fileOrDirectory) ?? "";
        var template = Path.Combine(folder, "chat_template.jinja");
        return fileOrDirectory is not null && File.Exists(template) && ScoutNanoChatFormat.IsMeantBy(File.ReadAllText(template))
            ? new ScoutNanoChatFormat(tokenizer)
            : new MetaChatFormat(tokenizer);
    }

    /// <summary>The prompt ids of a dialog.</summary>
    /// <param name="messages">The dialog so far.</param>
    /// <param name="addGenerationPrompt">Whether an assistant's header follows, for the model to go on.</param>
    /// <param name="toolPromptFormat">How calls in the dialog's history are written; without it, as the model was trained.</param>
    /// <exception cref="ChatRequestException">A message holds an image.</exception>
    public int[] Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, ToolPromptFormat? toolPromptFormat = null)
    {
        var ids = new List<int> { _bos };
        for (var i = 0; i < messages.Count; i++)
        {
            ids.AddRange(_headers[messages[i].Role]);
            AppendBody(TextsOf(messages[i], i), messages[i], isFirst: i == 0, toolPromptFormat, ids);
        }

        if (addGenerationPrompt)
        {
            ids.AddRange(_headers[ChatRole.Assistant]);
            Tokenizer.EncodeContent("\n\n", ids);
        }

        return [.. ids];
    }

    /// <summary>Appends what follows a header: two line ends, the content, the calls, and the token that ends the message.</summary>
    private protected abstract void AppendBody(
        IReadOnlyList<string> texts, ChatMessage message, bool isFirst, ToolPromptFormat? toolPromptFormat, List<int> ids);

    private static string[] TextsOf(ChatMessage message, int index) => [.. message.Content.Select((part, i) => part is TextPart text
        ? text.Text
        : throw new ChatRequestException("Images are not supported yet.", $"messages[{index}].content[{i}]"))];

    private int[] Header(string role)
    {
        var ids = new List<int> { Tokenizer.Specials["<|header_start|>"] };
        Tokenizer.EncodeContent(role, ids);
        ids.Add(Tokenizer.Specials["<|header_end|>"]);
        return [.. ids];
    }
}
