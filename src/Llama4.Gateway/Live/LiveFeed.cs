using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Live;

/// <summary>
/// The cluster's state for all who watch: one sample a second serves them all, the first watcher starts the sampling and the last one ends it. A watcher who reads
/// slowly misses samples; nothing gathers for anybody.
/// </summary>
internal sealed class LiveFeed(IClusterWatch cluster, GatewayOptions options, ILogger<LiveFeed> logger)
{
    private readonly Lock _lock = new();
    private int _watchers;
    private Sampling? _sampling;

    /// <summary>Comes in as a watcher, who disposes what it gets.</summary>
    /// <exception cref="ApiError">There are too many.</exception>
    public Watcher Enter()
    {
        lock (_lock)
        {
            if (_watchers >= options.Limits.LiveWatchersMax)
            {
                throw ApiError.Unavailable($"{_watchers} watch the cluster, which is the most.", options.Limits.RetryAfterSeconds);
            }

            _watchers++;
            _sampling ??= new Sampling(new LiveSampler(cluster, options, logger), options);
            return new Watcher(this, _sampling);
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_watchers == 0)
            {
                _sampling!.Stop();
                _sampling = null;
            }
        }
    }

    internal sealed class Watcher(LiveFeed feed, Sampling sampling) : IDisposable
    {
        private byte[]? _last;
        private bool _isDisposed;

        /// <summary>The newest event that this watcher has not had; waits for one.</summary>
        public async Task<byte[]> NextAsync(CancellationToken cancellation) => _last = await sampling.AfterAsync(_last).WaitAsync(cancellation);

        public void Dispose()
        {
            if (!_isDisposed)
            {
                feed.Leave();
            }

            _isDisposed = true;
        }
    }

    /// <summary>From the first watcher to the last.</summary>
    internal sealed class Sampling
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Lock _lock = new();
        private byte[]? _newest;
        private TaskCompletionSource<byte[]> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Sampling(LiveSampler sampler, GatewayOptions options) => _ = Task.Run(() => RunAsync(sampler, options));

        public Task<byte[]> AfterAsync(byte[]? last)
        {
            lock (_lock)
            {
                return _newest is { } newest && newest != last ? Task.FromResult(newest) : _next.Task;
            }
        }

        public void Stop() => _stop.Cancel();

        /// <summary>Never throws: what cannot be told is an event too.</summary>
        private async Task RunAsync(LiveSampler sampler, GatewayOptions options)
        {
            using var timer = new PeriodicTimer(options.Limits.LiveEvery, options.Clock);
            try
            {
                do
                {
                    Publish(await sampler.SampleAsync(_stop.Token));
                }
                while (await timer.WaitForNextTickAsync(_stop.Token));
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The last watcher has left.
            }
        }

        private void Publish(byte[] newest)
        {
            TaskCompletionSource<byte[]> next;
            lock (_lock)
            {
                _newest = newest;
                (next, _next) = (_next, new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            next.SetResult(newest);
        }
    }
}
