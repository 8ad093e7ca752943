using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Hosting;

/// <summary>Counts the requests inside the gateway: bounds them, turns new ones away during shutdown, and knows when the last has left.</summary>
internal sealed class RequestGate(GatewayOptions options, Readiness readiness) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, int> _ofCaller = [];
    private int _inside;
    private bool _isClosed;

    /// <summary>Cancelled when running answers must end, shutdown's limit being reached.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Requests inside, right now.</summary>
    public int Inside => Volatile.Read(ref _inside);

    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Lets a request in, or throws the 429 or 503 it is answered with. Who was let in must <see cref="Leave"/>.</summary>
    public void Enter(string caller)
    {
        var limits = options.Limits;
        lock (_lock)
        {
            if (_isClosed)
            {
                throw ApiError.ShuttingDown(limits.RetryAfterSeconds);
            }

            if (!options.TakesBeforeReady && readiness.Reason is { } reason)
            {
                throw ApiError.Unavailable($"The server is not ready: {reason}", limits.RetryAfterSeconds);
            }

            if (_inside >= limits.ConcurrentRequestsMax)
            {
                throw ApiError.TooMany($"{_inside} requests are being served, which is the most.", limits.RetryAfterSeconds);
            }

            var ofCaller = _ofCaller.GetValueOrDefault(caller);
            if (ofCaller >= limits.ConcurrentPerCallerMax && limits.ConcurrentRequestsMax - _inside <= limits.ConcurrentPerCallerMax)
            {
                throw ApiError.TooMany(
                    $"{_inside} of {limits.ConcurrentRequestsMax} requests are being served, {ofCaller} of them of this caller; the last {limits.ConcurrentPerCallerMax} places are for callers with fewer than that.",
                    limits.RetryAfterSeconds);
            }

            _ofCaller[caller] = ofCaller + 1;
            _inside++;
        }
    }

    public void Leave(string caller)
    {
        lock (_lock)
        {
            _inside--;
            if (--_ofCaller[caller] == 0)
            {
                _ofCaller.Remove(caller); // as many entries as requests, at most
            }

            SignalIfEmpty();
        }
    }

    /// <summary>From now on nobody is let in; completes when all have left.</summary>
    public Task Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            SignalIfEmpty();
        }

        return _empty.Task;
    }

    /// <summary>Ends the running answers with an error.</summary>
    public void End() => _ended.Cancel();

    public void Dispose() => _ended.Dispose();

    private void SignalIfEmpty()
    {
        if (_isClosed && _inside == 0)
        {
            _empty.TrySetResult();
        }
    }
}
