namespace Llama4.Tokenization.Chat;

/// <summary>
/// Turns a dialog into prompt ids. A dialog without tools is laid out as Meta's reference does it, one with tools as the template of the
/// checkpoint's dialect does; scout-nano has one layout for both. Nothing of a message is read as special.
/// </summary>
public sealed class ChatFormat
{
    private readonly Tokenizer _tokenizer;

    /// <summary>The format of a tokenizer's model in a dialect.</summary>
    /// <exception cref="KeyNotFoundException">The vocabulary lacks a special token of the format.</exception>
    public ChatFormat(Tokenizer tokenizer, ChatDialect dialect)
    {
        _tokenizer = tokenizer;
        Dialect = dialect;
        foreach (var name in (string[])["<|begin_of_text|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<|eom|>"])
        {
            _ = tokenizer.Specials[name];
        }
    }

    /// <summary>How definitions, calls and results of tools are written.</summary>
    public ChatDialect Dialect { get; }

    /// <summary>The format of a checkpoint, in the dialect that its chat template is recognised to have; Meta's where it has none.</summary>
    /// <param name="tokenizer">The checkpoint's.</param>
    /// <param name="fileOrDirectory">Where the tokenizer came from; a chat template beside it is read, never executed.</param>
    /// <param name="dialect">The dialect, whatever the template says.</param>
    /// <param name="warn">Told once if the template is of no known dialect, and Meta's is taken.</param>
    /// <exception cref="KeyNotFoundException">The vocabulary lacks a special token of the format.</exception>
    /// <exception cref="TokenizerFormatException">A file that may hold a chat template is not what it should be.</exception>
    public static ChatFormat Load(
        Tokenizer tokenizer, string? fileOrDirectory = null, ChatDialect? dialect = null, Action<string>? warn = null) =>
        new(tokenizer, dialect ?? Recognise(fileOrDirectory, warn));

    /// <summary>The prompt ids of a dialog without tools.</summary>
    /// <param name="messages">The dialog so far.</param>
    /// <param name="addGenerationPrompt">Whether an assistant's header follows, for the model to go on.</param>
    /// <param name="toolPromptFormat">How calls in the dialog's history are written; without it, as the model was trained.</param>
    /// <exception cref="ChatRequestException">The dialog cannot be laid out.</exception>
    public int[] Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, ToolPromptFormat? toolPromptFormat = null) =>
        Render(new ChatDialog(messages) { AddsGenerationPrompt = addGenerationPrompt, CallsWritten = toolPromptFormat });

    /// <summary>The prompt ids of a dialog.</summary>
    /// <exception cref="ChatRequestException">
    /// The dialog cannot be laid out: an image has no layout or no place in the dialect, or there is no message for the tools.
    /// </exception>
    public int[] Render(ChatDialog dialog)
    {
        CheckImages(dialog.Messages);
        var prompt = new PromptWriter(_tokenizer).Special("<|begin_of_text|>");
        switch (Dialect)
        {
            case ChatDialect.Nano:
                NanoLayout.Write(dialog, prompt);
                break;
            case var _ when dialog.Tools is null:
                ReferenceLayout.Write(dialog, prompt);
                break;
            case ChatDialect.Json:
                JsonLayout.Write(dialog, dialog.Tools, prompt);
                break;
            default:
                PythonicLayout.Write(dialog, dialog.Tools, prompt);
                break;
        }

        CheckPlaces(dialog.Messages, prompt.Images);
        return prompt.ToIds();
    }

    private static ChatDialect Recognise(string? fileOrDirectory, Action<string>? warn)
    {
        var folder = Directory.Exists(fileOrDirectory) ? fileOrDirectory : Path.GetDirectoryName(fileOrDirectory) ?? "";
        if (fileOrDirectory is null || ChatTemplateFile.Read(folder) is not { } template)
        {
            return ChatDialect.Meta;
        }

        if (ChatDialects.Recognise(template) is { } dialect)
        {
            return dialect;
        }

        warn?.Invoke($"The chat template in {folder} is of no known dialect: tools are written in Meta's. Known are {string.Join(", ", ChatDialects.Names)}.");
        return ChatDialect.Meta;
    }

    private static void CheckImages(IReadOnlyList<ChatMessage> messages)
    {
        foreach (var (image, param) in ImagesOf(messages))
        {
            if (image is { Url: not null, Layout: null })
            {
                throw new ChatRequestException($"{param} is a picture of unknown size: how many tokens stand for it cannot be told.", param);
            }
        }
    }

    /// <summary>Whatever a layout leaves out: every picture is in the prompt, in the dialog's order, since its rows are put there by order.</summary>
    private void CheckPlaces(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ImagePart> written)
    {
        var next = 0;
        var laidOut = written.Where(image => image.Layout is not null).ToArray();
        foreach (var (image, param) in ImagesOf(messages).Where(one => one.Image.Layout is not null))
        {
            if (next >= laidOut.Length || !ReferenceEquals(laidOut[next++], image))
            {
                throw new ChatRequestException($"{param} is a picture, and the chat dialect {ChatDialects.NameOf(Dialect)} has no place for one there.", param);
            }
        }
    }

    private static IEnumerable<(ImagePart Image, string Param)> ImagesOf(IReadOnlyList<ChatMessage> messages) =>
        from indexed in messages.Index()
        from part in indexed.Item.Content.Index()
        where part.Item is ImagePart
        select ((ImagePart)part.Item, $"messages[{indexed.Index}].content[{part.Index}]");
}
