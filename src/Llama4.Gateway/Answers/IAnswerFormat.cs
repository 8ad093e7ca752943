using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Answers;

/// <summary>Where chat and text completions differ in the JSON of their answers.</summary>
internal interface IAnswerFormat
{
    /// <summary>What ids of answers begin with.</summary>
    string IdPrefix { get; }

    /// <summary>"object" of a whole answer.</summary>
    string WholeObject { get; }

    /// <summary>"object" of a streamed chunk.</summary>
    string ChunkObject { get; }

    /// <summary>Whether what is told of the prompt is each choice's; else it is the answer's, whose prompt is one.</summary>
    bool HasManyPrompts { get; }

    /// <summary>Member that opens a choice's stream; empty for none.</summary>
    ReadOnlySpan<byte> OpeningMember { get; }

    /// <summary>A chunk's text member up to the JSON string.</summary>
    ReadOnlySpan<byte> BeforeText { get; }

    /// <summary>A chunk's text member after the JSON string.</summary>
    ReadOnlySpan<byte> AfterText { get; }

    /// <summary>Member of a chunk that has no text, only a finish.</summary>
    ReadOnlySpan<byte> EmptyMember { get; }

    /// <summary>Writes the text member of a whole answer's choice.</summary>
    /// <param name="calls">Of a chat's answer; a text completion has none.</param>
    void WriteText(Utf8JsonWriter json, string text, IReadOnlyList<CalledTool> calls);

    /// <summary>Writes the value of "logprobs".</summary>
    void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<LoggedToken> tokens);

    /// <summary>Writes the member "prompt_logprobs".</summary>
    /// <param name="top">How many best ids are shown for each token.</param>
    void WritePromptLogprobs(Utf8JsonWriter json, PromptReport prompt, int top);
}

internal static class FinishNames
{
    public static string Of(FinishReason finish, bool hasCalls) => finish switch
    {
        FinishReason.Stop when hasCalls => "tool_calls",
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => throw new ArgumentOutOfRangeException(nameof(finish), finish, "An answer that did not end well has no finish_reason."),
    };
}
