namespace Llama4.Tokenization.ToolCalls;

/// <summary>Reads calls character by character.</summary>
internal interface ICallReader
{
    /// <summary>Whether what was read is calls, as it stands.</summary>
    bool IsComplete { get; }

    /// <summary>The calls that were read.</summary>
    IReadOnlyList<ParsedToolCall> Calls { get; }

    /// <summary>Takes the next character; false if what was read can never become calls, after which there is no reading on.</summary>
    bool Read(char next);
}
