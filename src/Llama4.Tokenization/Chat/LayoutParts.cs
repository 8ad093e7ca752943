using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>What the layouts share.</summary>
internal static class LayoutParts
{
    /// <summary>The role as headers name it.</summary>
    public static string Header(this ChatRole role) => role switch
    {
        ChatRole.System => "system",
        ChatRole.User => "user",
        ChatRole.Assistant => "assistant",
        ChatRole.Tool => "ipython",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
    };

    public static PromptWriter Part(this PromptWriter prompt, ContentPart part) => part switch
    {
        TextPart text => prompt.Text(text.Text),
        ImagePart image => prompt.Image(image),
        _ => throw new ArgumentException($"No such part: {part.GetType().Name}.", nameof(part)),
    };

    public static PromptWriter Parts(this PromptWriter prompt, IEnumerable<ContentPart> parts)
    {
        foreach (var part in parts)
        {
            prompt.Part(part);
        }

        return prompt;
    }

    /// <summary>The arguments of a call as the layout writes an object; as they are where they are none.</summary>
    public static string Written(this ToolCall call, Func<JsonElement, string> write) =>
        call.Arguments.ValueKind == JsonValueKind.Object ? write(call.Arguments) : call.ArgumentsText;

    public static void GenerationPrompt(this PromptWriter prompt, ChatDialog dialog)
    {
        if (dialog.AddsGenerationPrompt)
        {
            prompt.Opening("assistant");
        }
    }

    /// <summary>
    /// The parts of the dialog's first message if it is the system's, texts joined and trimmed, and the messages after it. Null where the
    /// system says nothing at the front, empty where what it says is blank.
    /// </summary>
    public static (IReadOnlyList<ContentPart>? System, IEnumerable<ChatMessage> Others) SystemAndOthers(this ChatDialog dialog) =>
        dialog.Messages is [{ Role: ChatRole.System } first, ..]
            ? ([.. Trimmed(Joined(first.Content.Where(part => part.IsWritten()))).Where(part => part is not TextPart { Text: "" })], dialog.Messages.Skip(1))
            : (null, dialog.Messages);

    /// <summary>The parts without white space at the beginning of the first and at the end of the last, where these are text.</summary>
    public static IReadOnlyList<ContentPart> Trimmed(IReadOnlyList<ContentPart> parts)
    {
        var trimmed = parts.ToArray();
        if (trimmed is [TextPart first, ..])
        {
            trimmed[0] = new TextPart(TrimStart(first.Text));
        }

        if (trimmed is [.., TextPart last])
        {
            trimmed[^1] = new TextPart(TrimEnd(last.Text));
        }

        return trimmed;
    }

    /// <summary>Text or a picture. Where a template has no place for pictures it passes over the bare mark of one, of which there is nothing else to write.</summary>
    public static bool IsWritten(this ContentPart part) => part is not ImagePart { Layout: null };

    /// <summary>The parts, texts that follow each other as one.</summary>
    private static List<ContentPart> Joined(IEnumerable<ContentPart> parts)
    {
        var joined = new List<ContentPart>();
        foreach (var part in parts)
        {
            if (part is TextPart next && joined is [.., TextPart last])
            {
                joined[^1] = new TextPart(last.Text + next.Text);
            }
            else
            {
                joined.Add(part);
            }
        }

        return joined;
    }

    /// <summary>Python's <c>str.strip()</c>.</summary>
    public static string Trim(string text) => TrimStart(TrimEnd(text));

    private static string TrimStart(string text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return text[start..];
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    // Python counts the four separators of ASCII as white space, .NET does not.
    private static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001c' and <= '\u001f';
}
