using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>What a prompt is made of: messages, the tools on offer, and what follows.</summary>
/// <param name="Messages">The dialog so far.</param>
public sealed record ChatDialog(IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>
    /// The tools on offer. Null: the dialog is one without tools, and Meta's reference lays it out. Empty: the dialect's template lays it
    /// out, though none is on offer now.
    /// </summary>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }

    /// <summary>Whether an assistant's header follows, for the model to go on.</summary>
    public bool AddsGenerationPrompt { get; init; } = true;

    /// <summary>Where definitions stand, in the first user message or in the system message; without it, where the dialect has them.</summary>
    public bool? ToolsInUserMessage { get; init; }

    /// <summary>How calls in the dialog's history are written, where Meta's reference or scout-nano's layout does it; without it, as the model was trained.</summary>
    public ToolPromptFormat? CallsWritten { get; init; }
}

/// <summary>A tool on offer.</summary>
/// <param name="Name">What calls name it.</param>
/// <param name="Json">The whole entry of a request's "tools": prompts show it as it was given.</param>
public sealed record ToolDefinition(string Name, JsonElement Json);
