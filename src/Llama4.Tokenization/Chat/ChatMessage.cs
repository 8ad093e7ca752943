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

    /// <summary>The calls that an assistant message makes, after its content.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>Whether an assistant message ended with end_of_message (more follows in its turn) and not with end_of_turn.</summary>
    public bool EndsMessageOnly { get; init; }
}

/// <summary>A piece of a message's content.</summary>
public abstract record ContentPart;

/// <summary>Text, which is never read for special names.</summary>
public sealed record TextPart(string Text) : ContentPart;

/// <summary>A picture, by its URL or data URL.</summary>
public sealed record ImagePart(string Url) : ContentPart;

/// <summary>A call of a function with arguments, a JSON object.</summary>
public sealed record ToolCall(string Name, JsonElement Arguments);
