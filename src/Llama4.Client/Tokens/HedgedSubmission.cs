using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>One submission that may be on several ways at once: the engine keeps a request that it has, so the one that comes later changes nothing.</summary>
internal static class HedgedSubmission
{
    /// <summary>Ways at once.</summary>
    public const int Most = 3;

    /// <summary>The way that was taken may lead through a host that stands still.</summary>
    public static readonly TimeSpan HedgeAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>All ways together.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    /// <summary>The first answer, or the last failure.</summary>
    /// <param name="submit">Takes the way of the moment.</param>
    /// <param name="avoid">The next one takes another.</param>
    /// <exception cref="TimeoutException">No way brought an answer in time.</exception>
    public static async Task<SubmitResult> RunAsync(Func<Task<SubmitResult>> submit, Action avoid, TimeProvider clock, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var ways = new List<Task<SubmitResult>>(Most) { submit() };
        var taken = 1;
        while (true)
        {
            var left = Limit - clock.GetElapsedTime(started);
            try
            {
                var ended = await Task.WhenAny(ways).WaitAsync(taken < Most && left > HedgeAfter ? HedgeAfter : left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellation);
                ways.Remove(ended);
                if (ended.IsCompletedSuccessfully || ways.Count == 0)
                    return await ended;
            }
            catch (TimeoutException) when (taken < Most && left > HedgeAfter)
            {
                avoid();
                ways.Add(submit());
                taken++;
            }
        }
    }
}
