using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>Who speaks.</summary>
public enum ChatRole
{
    /// <summary>Instructions; OpenAI's "developer" is the same.</summary>
    System,

    /// <summary>The person.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>The result of a tool call.</summary>
    Tool,
}

/// <summary>One message of a dialog.</summary>
public sealed record ChatMessage(ChatRole Role, IReadOnlyList<ContentPart> Content)
{
    /// <summary>A message of one text.</summary>
    public ChatMessage(ChatRole role, string text)
        : this(role, [new TextPart(text)])
    {
    }

    /// <summary>The calls that an assistant message makes, after its content; null where none were given, which is not the same as an empty list to every template.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>Whether the message makes calls.</summary>
    public bool HasCalls => ToolCalls is { Count: > 0 };

    /// <summary>Whether the content was given as a list of parts and not as one string.</summary>
    public bool HasParts { get; init; }

    /// <summary>Whether an assistant message ended with end_of_message (more follows in its turn) and not with end_of_turn.</summary>
    public bool EndsMessageOnly { get; init; }
}

/// <summary>A piece of a message's content.</summary>
public abstract record ContentPart;

/// <summary>Text, which is never read for special names.</summary>
public sealed record TextPart(string Text) : ContentPart;

/// <summary>A picture.</summary>
/// <param name="Url">Its URL or data URL; null for the bare mark of a picture that templates are given.</param>
public sealed record ImagePart(string? Url) : ContentPart
{
    /// <summary>How it is cut into tiles, once that is known.</summary>
    public ImageLayout? Layout { get; init; }
}

/// <summary>A call of a function.</summary>
/// <param name="Arguments">A JSON object. A string where they are not JSON, as of a call that ended with the answer's last token: prompts have it as it is.</param>
public sealed record ToolCall(string Name, JsonElement Arguments)
{
    /// <summary>The arguments as the wire has them, in a string.</summary>
    public string ArgumentsText => Arguments.ValueKind == JsonValueKind.String ? Arguments.GetString()! : Arguments.GetRawText();
}
