using Llama4.Contracts;

namespace Llama4.Gateway.Doors;

/// <summary>The pieces of one answer from when they are made until its client says that it has them. Thread-safe.</summary>
internal sealed class KeptPieces(TimeProvider clock)
{
    /// <summary>How long a poll waits for something.</summary>
    private static readonly TimeSpan HoldLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>Pieces of one poll's answer: some 50 KB.</summary>
    private const int PiecesMax = 1024;

    private readonly Lock _lock = new();
    private readonly Queue<ChatPiece> _pieces = new();
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChatError? _error;
    private bool _isFinished;
    private int _last;

    /// <summary>Completes when the client has the end.</summary>
    public Task Read => _read.Task;

    /// <param name="piece">Takes its number; called at once.</param>
    public void Add(Func<int, ChatPiece> piece)
    {
        lock (_lock)
        {
            _pieces.Enqueue(piece(++_last));
            _more.TrySetResult();
        }
    }

    /// <summary>Nothing follows.</summary>
    /// <param name="error">That the client is to hear last; null for none.</param>
    public void End(ChatError? error)
    {
        lock (_lock)
        {
            (_isFinished, _error) = (true, error);
            _more.TrySetResult();
        }
    }

    /// <summary>The pieces after those that the client has; waits a moment where there are none.</summary>
    /// <param name="acknowledged">Number of the last piece that the client has; 0 for none.</param>
    public async ValueTask<ChatAnswer> PollAsync(int acknowledged)
    {
        var more = Acknowledge(acknowledged);
        if (!more.IsCompleted)
        {
            await ((Task)more.WaitAsync(HoldLimit, clock)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (_lock)
        {
            ChatPiece[] pieces = [.. _pieces.Take(PiecesMax)];
            if (_error is null || pieces.Length < _pieces.Count)
            {
                return new ChatAnswer(ChatState.Serving, pieces);
            }

            _read.TrySetResult(); // heard once more by a client that asks again, as unknown: it goes on from the pieces it has
            return new ChatAnswer(ChatState.Serving, pieces, _error);
        }
    }

    /// <summary>Lets go of what the client has.</summary>
    /// <returns>Completes when there is something that it has not.</returns>
    private Task Acknowledge(int acknowledged)
    {
        lock (_lock)
        {
            while (_pieces.TryPeek(out var piece) && piece.Number <= acknowledged)
            {
                _pieces.Dequeue();
            }

            if (_pieces.Count == 0 && _isFinished && _error is null)
            {
                _read.TrySetResult();
            }

            if (_pieces.Count == 0 && !_isFinished && _more.Task.IsCompleted)
            {
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _more.Task;
        }
    }
}
