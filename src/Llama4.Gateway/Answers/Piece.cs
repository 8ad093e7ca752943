using Llama4.Contracts;
using Llama4.Gateway.Live;

namespace Llama4.Gateway.Answers;

/// <summary>What one chunk adds to a choice: text that is certain now, the tokens it came from, and perhaps the end.</summary>
/// <param name="Text">Often one word, sometimes nothing.</param>
/// <param name="Tokens">Tokens whose text has been given out, with their log-probabilities; empty unless asked for.</param>
/// <param name="Finish">Set in a choice's last piece.</param>
/// <param name="Calls">Of the last piece: the calls that the answer makes, whole; null for none.</param>
/// <param name="CallPieces">What is new of calls, for who streams; together they are <paramref name="Calls"/>. Null for nothing.</param>
internal readonly record struct Piece(
    string Text, IReadOnlyList<LoggedToken> Tokens, FinishReason? Finish, IReadOnlyList<CalledTool>? Calls = null, IReadOnlyList<CallPiece>? CallPieces = null)
{
    /// <summary>The token that came with the chunk, even if its text is held back or none; null where none came.</summary>
    public int? Token { get; init; }

    /// <summary>The token that came with the chunk and its path, even if its text is held back or none; null unless asked for.</summary>
    public TracedToken? Traced { get; init; }

    /// <summary>The step that the token came from, of a token that is followed in full depth; else null.</summary>
    public SpanParent? Span { get; init; }

    /// <summary>Whether it adds to what the answer says. Tokens without text in a last piece with calls are those of the calls.</summary>
    public bool HasContent => Text.Length > 0 || (Tokens.Count > 0 && Calls is not { Count: > 0 });

    /// <summary>Whether the answer ended inside its last call.</summary>
    public bool IsCallCut => Calls is [.., { IsCut: true }];

    /// <summary>
    /// The finish_reason of a last piece: an answer that stopped with calls is to be gone on with by their results. Of a call that a stop string cut there is none.
    /// </summary>
    public string FinishName => FinishNames.Of(Finish!.Value, hasCalls: Calls is { Count: > 0 } && !IsCallCut);
}

/// <summary>One token as the logprobs of an answer show it.</summary>
/// <param name="Chunk">Carries the token and its log-probabilities.</param>
/// <param name="TextOffset">Characters (code points) of the answer's text in front of it.</param>
internal readonly record struct LoggedToken(TokenChunk Chunk, int TextOffset);
