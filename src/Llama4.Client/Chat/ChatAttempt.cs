using Llama4.Contracts;

namespace Llama4.Client.Chat;

/// <summary>One host's try at an answer. Disposing tells the host that nobody waits any more.</summary>
internal sealed class ChatAttempt(IChatGrain host, ChatSubmission submission, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>A poll is held for 100 ms.</summary>
    private static readonly TimeSpan PollLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>A lost message is asked for again; a host that does not answer that either is gone.</summary>
    private const int PollsMax = 2;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(1);

    /// <summary>And so much for each MiB of the body.</summary>
    private static readonly TimeSpan StartLimitOfMiB = TimeSpan.FromSeconds(1);

    private int _last;

    /// <summary>Why the host did not answer, the last time it did not.</summary>
    public string? Away { get; private set; }

    /// <summary>Null where the host does not answer.</summary>
    public Task<ChatAnswer?> StartAsync(CancellationToken cancellation) =>
        AskAsync(() => host.StartAsync(submission), StartLimit + (StartLimitOfMiB * submission.Body.Length / (1 << 20)), cancellation);

    /// <summary>What is new, each piece once; null where the host does not answer.</summary>
    public async Task<ChatAnswer?> PollAsync(CancellationToken cancellation)
    {
        ChatAnswer? answer = null;
        for (var polls = 0; polls < PollsMax && answer is null; polls++)
        {
            answer = await AskAsync(() => host.PollAsync(submission.Answer, _last), PollLimit, cancellation);
        }

        if (answer is null)
        {
            return null;
        }

        ChatPiece[] pieces = [.. answer.Pieces.SkipWhile(piece => piece.Number <= _last)];
        _last = pieces.Length > 0 ? pieces[^1].Number : _last;
        return answer with { Pieces = pieces };
    }

    /// <summary>Without waiting: a host that does not hear it gives the answer up when nobody polls.</summary>
    public ValueTask DisposeAsync()
    {
        _ = AskAsync(
            async () =>
            {
                await host.CancelAsync(submission.Answer);
                return ChatAnswer.Nothing;
            },
            PollLimit,
            CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    private async Task<ChatAnswer?> AskAsync(Func<ValueTask<ChatAnswer>> ask, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return await ask().AsTask().WaitAsync(limit, clock, cancellation);
        }
        catch (Exception away) when (!cancellation.IsCancellationRequested)
        {
            // The calls themselves throw nothing: whatever it is, it lies between here and there.
            Away = away.Message.ReplaceLineEndings(" ");
            return null;
        }
    }
}
