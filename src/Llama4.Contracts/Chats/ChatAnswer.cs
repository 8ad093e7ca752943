using Orleans.Concurrency;

namespace Llama4.Contracts;

/// <summary>What a host knows of an answer.</summary>
public enum ChatState : byte
{
    Serving,

    /// <summary>Nothing: it is another host than the one that was asked before, or has given the answer up. It can be submitted again.</summary>
    Unknown,
}

/// <param name="Pieces">In their order; after one with a finish there are no more.</param>
/// <param name="Error">Why the answer ended, or was not taken; the last that is heard of it.</param>
[GenerateSerializer, Immutable, Alias("llama4.ChatAnswer")]
public sealed record ChatAnswer([property: Id(0)] ChatState State, [property: Id(1)] ChatPiece[] Pieces, [property: Id(2)] ChatError? Error = null)
{
    public static readonly ChatAnswer Nothing = new(ChatState.Serving, []);

    public static readonly ChatAnswer Unknown = new(ChatState.Unknown, []);
}

/// <summary>What one token, or the end, adds to an answer.</summary>
[GenerateSerializer, Immutable, Alias("llama4.ChatPiece")]
public sealed record ChatPiece
{
    /// <summary>Among the pieces of this attempt, from 1.</summary>
    [Id(0)] public required int Number { get; init; }

    /// <summary>The token that it came from; null in a piece that only ends the answer.</summary>
    [Id(1)] public int? Token { get; init; }

    /// <summary>Text that is certain now; often one word, sometimes nothing.</summary>
    [Id(2)] public string Text { get; init; } = "";

    /// <summary>Calls that are certain now.</summary>
    [Id(3)] public ChatCall[] Calls { get; init; } = [];

    /// <summary>stop, length or tool_calls, in the last piece; else null.</summary>
    [Id(4)] public string? Finish { get; init; }

    /// <summary>In the last piece.</summary>
    [Id(5)] public ChatUsage? Usage { get; init; }
}

/// <summary>A call of a tool.</summary>
/// <param name="Id">What its result refers to.</param>
/// <param name="Arguments">A JSON object.</param>
[GenerateSerializer, Immutable, Alias("llama4.ChatCall")]
public sealed record ChatCall([property: Id(0)] string Id, [property: Id(1)] string Name, [property: Id(2)] string Arguments);

/// <summary>Tokens of an answer, those before it went on elsewhere included.</summary>
/// <param name="Cached">Of the prompt's: taken from the prefix cache.</param>
[GenerateSerializer, Immutable, Alias("llama4.ChatUsage")]
public sealed record ChatUsage([property: Id(0)] int Prompt, [property: Id(1)] int Cached, [property: Id(2)] int Generated);

/// <summary>Why there is no answer, in OpenAI's words.</summary>
/// <param name="Status">As over HTTP: 400 and 404 for a request that is wrong, 413 for one too large, 429 past a limit, 500 for a failure, 503 for a host that takes none now.</param>
/// <param name="Type">For example invalid_request_error.</param>
/// <param name="Param">The field that is wrong; null where it is none.</param>
/// <param name="Code">For example context_length_exceeded.</param>
/// <param name="RetryAfterSeconds">Where the same request may succeed later.</param>
[GenerateSerializer, Immutable, Alias("llama4.ChatError")]
public sealed record ChatError(
    [property: Id(0)] int Status, [property: Id(1)] string Type, [property: Id(2)] string Message, [property: Id(3)] string? Param = null,
    [property: Id(4)] string? Code = null, [property: Id(5)] int? RetryAfterSeconds = null);
