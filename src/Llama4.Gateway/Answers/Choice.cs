using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Live;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Answers;

/// <summary>One answer in progress: a generation of the cluster and the text that is made of it. Disposing cancels what has not ended.</summary>
internal sealed class Choice(
    int index, int promptTokens, bool isFirstOfPrompt, IGeneration generation, AnswerText text, TokenNames names, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<TokenChunk> _chunks = generation.Chunks(cancellation).GetAsyncEnumerator(cancellation);
    private Task<bool>? _waiting;
    private bool _isDisposed;
    private long _lastToken;

    /// <summary>Place in the answer's "choices".</summary>
    public int Index { get; } = index;

    public int PromptTokens { get; } = promptTokens;

    /// <summary>Whether this choice's prompt tokens count in the usage: those of a prompt count once, however many choices it has.</summary>
    public bool IsFirstOfPrompt { get; } = isFirstOfPrompt;

    /// <summary>Its place among the answers with paths; null for an answer without.</summary>
    public IDisposable? Traced { get; init; }

    /// <summary>Told of each token; null where nobody asks.</summary>
    public AnswerTimes? Times { get; init; }

    /// <summary>Of an answer that comes with the ids of its tokens: those of its prompt. Null for one without.</summary>
    public int[]? PromptIds { get; init; }

    /// <summary>Of the first answer that comes with the text of its prompt: that. Null for others.</summary>
    public string? PromptText { get; init; }

    /// <summary>What is told of its prompt's tokens; null where that is not asked for.</summary>
    public PromptReport? Prompt { get; init; }

    public int CachedTokens { get; private set; }

    public int GeneratedTokens { get; private set; }

    public FinishReason? Finish { get; private set; }

    /// <summary>The finish_reason, once there is a finish.</summary>
    public string? FinishName { get; private set; }

    /// <summary>Completes when <see cref="TryTake"/> has something to take; null if nobody has asked yet.</summary>
    public Task<bool>? Waiting => _waiting;

    /// <summary>Takes the next piece if its chunk is there already.</summary>
    public bool TryTake(out Piece piece)
    {
        if (!HasNext())
        {
            piece = default;
            return false;
        }

        var chunk = _chunks.Current;
        if (chunk.Token is not null)
        {
            GeneratedTokens++;
            _lastToken = Times?.Next(_lastToken) ?? 0;
        }

        CachedTokens = Math.Max(CachedTokens, chunk.CachedTokens);
        Prompt?.Take(chunk);
        piece = text.Take(chunk) with
        {
            Token = chunk.Token,
            Traced = chunk is { Path: { } path, Token: { } token } ? new TracedToken(Index, chunk.Index, token, names.Text(token), path) : null,
            Span = chunk.Span,
        };
        Finish = piece.Finish;
        if (Finish is FinishReason.Error or FinishReason.Cancelled)
        {
            throw chunk is { IsOfRequest: true, Error: { } forbidden }
                ? ApiError.NothingAllowed(forbidden)
                : ApiError.Failed(chunk.Error ?? "The cluster ended the answer before it was complete.");
        }

        FinishName = Finish is null ? null : piece.FinishName;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Traced?.Dispose();
        await generation.DisposeAsync();
        if (_waiting is not null)
        {
            // The enumerator may not be disposed during a read. Disposing the generation has ended the read; how it ended is of no interest.
            await ((Task)_waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await _chunks.DisposeAsync();
    }

    private bool HasNext()
    {
        bool hasNext;
        if (_waiting is null)
        {
            var next = _chunks.MoveNextAsync();
            if (!next.IsCompleted)
            {
                _waiting = next.AsTask();
                return false;
            }

            hasNext = next.GetAwaiter().GetResult();
        }
        else if (_waiting.IsCompleted)
        {
            hasNext = _waiting.GetAwaiter().GetResult();
            _waiting = null;
        }
        else
        {
            return false;
        }

        return hasNext
            ? true
            : throw new InvalidOperationException($"The chunks of choice {Index} ended after {GeneratedTokens} tokens without a finish.");
    }
}
