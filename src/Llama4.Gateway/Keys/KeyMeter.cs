using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Keys;

/// <summary>
/// What one key has used of its limits. A request takes one of the requests when it comes in and its tokens when it is submitted: prompt and the
/// most that the answer may have, or an estimate. What it did not use is given back when it ends, what it used more is owed.
/// </summary>
internal sealed class KeyMeter(KeyLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Bucket? _requests = limits.RequestsPerMinute is { } requests ? new Bucket(requests, clock) : null;
    private readonly Bucket? _tokens = limits.TokensPerMinute is { } tokens ? new Bucket(tokens, clock) : null;
    private int _inside;

    public KeyLimits Limits => limits;

    /// <summary>Lets a request in; who was let in must <see cref="Leave"/>.</summary>
    /// <exception cref="ApiError">429.</exception>
    public void Enter()
    {
        lock (_lock)
        {
            if (_inside >= limits.Concurrent)
            {
                throw ApiError.TooMany($"This key may have {limits.Concurrent} requests at one time, and has {_inside}.", retryAfterSeconds: 1);
            }

            if (_requests?.Until(1) is { Ticks: > 0 } wait)
            {
                throw TooSoon($"This key may make {_requests.PerMinute} requests per minute; the next one in", wait);
            }

            _requests?.Take(1);
            _inside++;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            _inside--;
        }
    }

    /// <summary>
    /// Takes the tokens that a request may need, if they are there. One that may need more than the bucket holds, as clients set max_tokens high and
    /// seldom use it, takes a full bucket and owes the rest if it comes to that.
    /// </summary>
    /// <param name="prompt">Tokens that it needs in any case.</param>
    /// <param name="answer">Tokens that it may need besides.</param>
    /// <param name="promptParam">The field the prompt is in, for the error.</param>
    /// <returns>What was taken, to be settled.</returns>
    /// <exception cref="ApiError">429; or 400 for a prompt that there can never be the tokens for.</exception>
    public long Reserve(long prompt, long answer, string promptParam)
    {
        lock (_lock)
        {
            if (_tokens is null)
            {
                return 0;
            }

            if (prompt >= _tokens.PerMinute)
            {
                throw ApiError.Invalid(
                    $"This key may have {_tokens.PerMinute} tokens per minute, and the prompt alone has {prompt}: it could never be let in.",
                    promptParam,
                    "tokens_per_minute_exceeded");
            }

            var needed = (int)Math.Min(prompt + answer, _tokens.PerMinute);
            if (_tokens.Until(needed) is { Ticks: > 0 } wait)
            {
                throw TooSoon($"This key may have {_tokens.PerMinute} tokens per minute, {_tokens.Remaining} are left and the request may need {needed}; there will be so many in", wait);
            }

            _tokens.Take(needed);
            return needed;
        }
    }

    /// <summary>Settles what was reserved with what was used.</summary>
    public void Settle(long reserved, long used)
    {
        lock (_lock)
        {
            _tokens?.Take(used - reserved);
        }
    }

    /// <summary>What the headers tell of both limits; null for one that is not there.</summary>
    public (KeyBalance? Requests, KeyBalance? Tokens) Balance()
    {
        lock (_lock)
        {
            return (KeyBalance.Of(_requests), KeyBalance.Of(_tokens));
        }
    }

    private static ApiError TooSoon(string message, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        return ApiError.TooMany($"{message} {seconds} s.", seconds);
    }
}

/// <param name="Limit">Per minute.</param>
/// <param name="Remaining">That could be used now.</param>
/// <param name="Reset">Until all of it could be.</param>
internal readonly record struct KeyBalance(int Limit, int Remaining, TimeSpan Reset)
{
    public static KeyBalance? Of(Bucket? bucket) => bucket is null ? null : new KeyBalance(bucket.PerMinute, bucket.Remaining, bucket.UntilFull);
}
