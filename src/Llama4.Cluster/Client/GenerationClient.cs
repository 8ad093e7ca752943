using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Client;

/// <summary>A front end's way into the cluster: submits to the engine grain and is the ear that hears its chunks.</summary>
internal sealed class GenerationClient : IGenerationClient, IGenerationObserver, IDisposable
{
    private readonly IEngineGrain _engine;
    private readonly IGenerationObserver _ear;
    private readonly ConcurrentDictionary<Guid, Generation> _open = [];

    // Orleans knows its observers by weak references only, and a caller that waits for a chunk is known only to what will wake it: without
    // a root of their own, an ear and all who wait for it are collected together, and the wait never ends.
    private readonly GCHandle _root;
    private volatile bool _closed;

    public GenerationClient(IGrainFactory grains)
    {
        _root = GCHandle.Alloc(this);
        _engine = grains.GetEngine(replica: 0);
        _ear = grains.CreateObjectReference<IGenerationObserver>(this);
    }

    public async ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var generation = new Generation(request.Id, request.Emitted.Length, CancelAsync);
        if (_closed || !_open.TryAdd(request.Id, generation))
            return (new SubmitResult(SubmitStatus.Unavailable, _closed ? "The cluster is shutting down." : $"Request {request.Id} is here already.", RetryAfterSeconds: 1), null);
        SubmitResult result;
        try
        {
            result = await _engine.SubmitAsync(request, _ear);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            _open.TryRemove(request.Id, out _);
            // It may have been accepted all the same, its answer being late or lost: nobody would ever read it. An engine that is gone
            // does not answer this either, and needs not.
            _ = _engine.CancelAsync(request.Id).AsTask();
            return (new SubmitResult(SubmitStatus.Unavailable, $"The engine does not answer: {error.Message}", RetryAfterSeconds: 1), null);
        }
        if (result.Status == SubmitStatus.Accepted)
            return (result, generation);
        _open.TryRemove(request.Id, out _);
        return (result, null);
    }

    public ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return _engine.StatusAsync();
    }

    public ValueTask OnChunksAsync(TokenChunk[] chunks)
    {
        foreach (var chunk in chunks)
        {
            if (_open.TryGetValue(chunk.Request, out var generation) && generation.Take(chunk))
                _open.TryRemove(chunk.Request, out _);
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>The cluster goes away: whoever still waits is told.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        _root.Free();
        foreach (var (request, generation) in _open)
        {
            generation.Fail("The cluster is shutting down.");
            _open.TryRemove(request, out _);
        }
    }

    /// <summary>Told to the engine also when it may just have ended there: unknown ids are ignored.</summary>
    private ValueTask CancelAsync(Guid request)
    {
        _open.TryRemove(request, out _);
        return _closed ? ValueTask.CompletedTask : _engine.CancelAsync(request);
    }
}
