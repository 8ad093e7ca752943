namespace Llama4.Server.Chat;

/// <summary>Somebody who answers dialogs: the cluster in this process, or a server over HTTP.</summary>
internal interface IAnswerSource : IAsyncDisposable
{
    /// <summary>The model's name, for people.</summary>
    string Model { get; }

    /// <summary>Streams one answer as text, without special tokens. A refusal is an exception whose message says why.</summary>
    IAsyncEnumerable<string> AnswerAsync(IReadOnlyList<Turn> dialog, AnswerSettings settings, CancellationToken cancellation);
}

/// <summary>One message of a dialog.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">Its text; special names in it are text.</param>
internal sealed record Turn(string Role, string Content);

/// <param name="TokensMax">Most tokens of the answer; fewer where the context ends before.</param>
/// <param name="Temperature">0 is greedy; null takes the model's own.</param>
/// <param name="TopP">In (0, 1]; null takes the model's own.</param>
/// <param name="Seed">Of the sampling noise; null draws one.</param>
internal sealed record AnswerSettings(int TokensMax, double? Temperature, double? TopP, ulong? Seed);
