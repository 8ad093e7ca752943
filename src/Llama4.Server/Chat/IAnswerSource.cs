using Llama4.Tokenization.Chat;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Chat;

/// <summary>Somebody who answers dialogs: the cluster in this process, or a server over HTTP.</summary>
internal interface IAnswerSource : IAsyncDisposable
{
    /// <summary>The model's name, for people.</summary>
    string Model { get; }

    /// <summary>False where it is certain that the model takes text only.</summary>
    bool MayTakePictures { get; }

    /// <summary>Streams one answer, without special tokens. A refusal is an exception whose message says why.</summary>
    /// <param name="dialog">Its pictures are data: URIs (<see cref="AttachedPicture"/>).</param>
    IAsyncEnumerable<AnswerPiece> AnswerAsync(ChatDialog dialog, AnswerSettings settings, CancellationToken cancellation);
}

/// <summary>What comes of an answer: text, or at its end a call of a tool on offer.</summary>
/// <param name="Text">Empty with a call.</param>
internal readonly record struct AnswerPiece(string Text, ParsedToolCall? Call = null);

/// <param name="TokensMax">Most tokens of the answer; fewer where the context ends before.</param>
/// <param name="Temperature">0 is greedy; null takes the model's own.</param>
/// <param name="TopP">In (0, 1]; null takes the model's own.</param>
/// <param name="Seed">Of the sampling noise; null draws one.</param>
internal sealed record AnswerSettings(int TokensMax, double? Temperature, double? TopP, ulong? Seed);
