using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>
/// The polls of one gateway that an engine has not answered yet. One that is late goes on, for a loaded cluster may only be slow, and another is asked beside it; whichever answers counts.
/// Bounded, however long the engine stands still. One caller at a time.
/// </summary>
internal sealed class PollsUnderWay(TimeProvider clock)
{
    /// <summary>More are not kept.</summary>
    public const int Most = 4;

    /// <summary>A poll is held for 20 ms; past this another is asked.</summary>
    public static readonly TimeSpan HedgeAfter = TimeSpan.FromMilliseconds(150);

    /// <summary>As long as nothing at all is answered, the next ones.</summary>
    public static readonly TimeSpan HedgeAgainAfter = TimeSpan.FromMilliseconds(300);

    /// <summary>What is answered later is not heard any more.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMilliseconds(1200);

    private readonly List<(long Number, long Asked, Task<EngineAnswer> Answer)> _polls = [];

    /// <summary>Number of the newest that was answered; and of the newest that ended, be it with an error.</summary>
    private long _answered;
    private long _ended;
    private bool _isHedged;

    public int Count => _polls.Count;

    /// <summary>How long until another is to be asked; zero for now.</summary>
    public TimeSpan DueIn
    {
        get
        {
            if (_polls.Count == 0 || _polls[^1].Number <= _ended)
                return TimeSpan.Zero;
            var due = (_isHedged ? HedgeAgainAfter : HedgeAfter) - clock.GetElapsedTime(_polls[^1].Asked);
            var free = _polls.Count < Most ? TimeSpan.Zero : KeptFor - clock.GetElapsedTime(_polls[0].Asked);
            return TimeSpan.FromTicks(Math.Max(0, Math.Max(due.Ticks, free.Ticks)));
        }
    }

    /// <param name="number">Greater than those before.</param>
    public void Add(long number, Task<EngineAnswer> answer)
    {
        _isHedged = _polls.Count > 0 && _polls[^1].Number > _ended;
        _polls.RemoveAll(poll => clock.GetElapsedTime(poll.Asked) >= KeptFor);
        if (_polls.Count == Most)
            _polls.RemoveAt(0);
        _polls.Add((number, clock.GetTimestamp(), answer));
    }

    /// <summary>Another engine is asked from now on.</summary>
    public void Clear() => _polls.Clear();

    /// <summary>The next that ended; null when another is due first, or the plan may have changed.</summary>
    /// <param name="changed">Of the plan.</param>
    public async Task<EndedPoll?> NextAsync(Task changed, CancellationToken closed)
    {
        if (!_polls.Exists(poll => poll.Answer.IsCompleted))
        {
            var due = TimeSpan.FromMilliseconds(Math.Ceiling(DueIn.TotalMilliseconds)); // timers count in these
            try
            {
                await Task.WhenAny([.. _polls.Select(poll => poll.Answer), changed]).WaitAsync(due, clock, closed);
            }
            catch (Exception end) when (end is TimeoutException or OperationCanceledException)
            {
                return null;
            }
        }
        var ended = _polls.FindIndex(poll => poll.Answer.IsCompleted);
        if (ended < 0)
            return null;
        var (number, _, answer) = _polls[ended];
        _polls.RemoveAt(ended);
        _ended = Math.Max(_ended, number);
        var isOvertaken = number < _answered;
        if (answer.IsCompletedSuccessfully)
            (_answered, _isHedged) = (Math.Max(_answered, number), false);
        return new EndedPoll(number, isOvertaken, answer);
    }
}

/// <param name="IsOvertaken">One that was asked later is answered already.</param>
/// <param name="Answer">Completed.</param>
internal readonly record struct EndedPoll(long Number, bool IsOvertaken, Task<EngineAnswer> Answer);
