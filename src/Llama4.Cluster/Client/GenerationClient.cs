using System.Collections.Concurrent;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Client;

/// <summary>Temporary.</summary>
internal sealed class GenerationClient : IGenerationClient, IDisposable
{
    private readonly IGrainFactory _grains;
    private readonly IPlanSource _plans;
    private readonly ConcurrentDictionary<Guid, Generation> _open = [];
    private readonly Guid _gateway = Guid.NewGuid();
    private volatile bool _closed;
    private int _polling;
    private long _acknowledged;

    public GenerationClient(IGrainFactory grains, IPlanSource plans) => (_grains, _plans) = (grains, plans);

    private IEngineGrain Engine => _grains.GetEngine(0, _plans.Plan!.Replicas[0].Engine);

    public async ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_plans.Plan is null)
            return (new SubmitResult(SubmitStatus.Unavailable, "no plan", 1), null);
        var generation = new Generation(request, CancelAsync);
        if (_closed || !_open.TryAdd(request.Id, generation))
            return (new SubmitResult(SubmitStatus.Unavailable, _closed ? "The cluster is shutting down." : $"Request {request.Id} is here already.", RetryAfterSeconds: 1), null);
        SubmitResult result;
        try
        {
            var started = Environment.TickCount64;
            while (true)
            {
                var changed = _plans.Changed;
                result = await Engine.SubmitAsync(request, _gateway);
                if (result.Status != SubmitStatus.Unavailable || _closed || Environment.TickCount64 - started > 3000)
                    break;
                await Task.WhenAny(changed, Task.Delay(20, cancellation)); // between two plans
            }
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            _open.TryRemove(request.Id, out _);
            _ = Engine.CancelAsync(request.Id).AsTask();
            return (new SubmitResult(SubmitStatus.Unavailable, $"The engine does not answer: {error.Message}", RetryAfterSeconds: 1), null);
        }
        if (result.Status == SubmitStatus.Accepted)
        {
            if (Interlocked.Exchange(ref _polling, 1) == 0)
                _ = PollAsync();
            return (result, generation);
        }
        _open.TryRemove(request.Id, out _);
        return (result, null);
    }

    private async Task PollAsync()
    {
        HostId? engine = null;
        while (!_closed)
        {
            var changed = _plans.Changed;
            var now = _plans.Plan!.Replicas[0].Engine;
            if (engine is { } old && old != now)
                await ResubmitAsync();
            engine = now;
            try
            {
                var answer = await Engine.PollAsync(_gateway, _acknowledged).AsTask().WaitAsync(TimeSpan.FromMilliseconds(150));
                if (answer.State != EngineState.Serving)
                {
                    if (answer.State == EngineState.Unknown && !_open.IsEmpty)
                        await ResubmitAsync();
                    await Task.WhenAny(changed, Task.Delay(20));
                    continue;
                }
                _acknowledged = answer.Last;
                foreach (var chunk in answer.Chunks)
                {
                    if (_open.TryGetValue(chunk.Request, out var generation) && generation.Take(chunk))
                        _open.TryRemove(chunk.Request, out _);
                }
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                await Task.WhenAny(changed, Task.Delay(20));
            }
        }
    }

    private async Task ResubmitAsync()
    {
        _acknowledged = 0;
        foreach (var (id, generation) in _open)
        {
            try
            {
                var result = await Engine.SubmitAsync(generation.Rest(), _gateway).AsTask().WaitAsync(TimeSpan.FromMilliseconds(500));
                if (result.Status == SubmitStatus.ContextLengthExceeded)
                    generation.Fail(result.Message);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
            }
        }
    }

    public ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Engine.StatusAsync();
    }

    public void Dispose()
    {
        _closed = true;
        foreach (var (request, generation) in _open)
        {
            generation.Fail("The cluster is shutting down.");
            _open.TryRemove(request, out _);
        }
    }

    private ValueTask CancelAsync(Guid request)
    {
        _open.TryRemove(request, out _);
        return _closed ? ValueTask.CompletedTask : Engine.CancelAsync(request);
    }
}
